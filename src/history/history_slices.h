/*-------------------------------------------------------------------------
 *
 * history_slices.h
 *	  Old versions in a history's heap, in the order of segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SLICES_H
#define TEMPORAL_HISTORY_SLICES_H

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "history/history_survey.h"

/* Which versions, and by what they are sorted */
typedef struct SliceOrder
{
	Relation	history;
	Snapshot	snapshot;
	AttrNumber	start_attno;
	AttrNumber	end_attno;
	AttrNumber *key_attnos;		/* of the primary key */
	int			nkeys;
	TimestampTz before;			/* versions that ended at or before this */
	double		versions;		/* that a slice should have */
} SliceOrder;

/*
 * Is the version to be moved, and if so, what is its period?  What has none, or
 * has not ended, stays where it is.
 */
extern bool history_slices_want(const SliceOrder *order, TupleTableSlot *slot,
								TimestampTz *start, TimestampTz *end);

typedef struct HistorySlices HistorySlices;

/* A version, as it comes */
typedef struct SliceVersion
{
	bool		in_heap;		/* or it comes from a segment */
	const Datum *values;		/* of the history's columns; valid until the
								 * next version */
	const bool *nulls;
	int32		slice;			/* from 0 */
	int32		age;			/* those of one slice and age follow each other */
	Size		size;			/* what it takes there */
} SliceVersion;

/*
 * Prepares to move a part of the versions that a survey found, in the current
 * context.
 */
extern HistorySlices *history_slices_create(const SliceOrder *order,
											const HistorySurvey *survey,
											const SurveyPart *part);

/*
 * Adds the versions of a segment, which are to be sorted among the others.
 */
extern void history_slices_add(HistorySlices *slices, Datum segment,
							   ItemPointer tid);

/*
 * Decides on the slices, and sorts; memory is bounded by maintenance_work_mem.
 */
extern void history_slices_sort(HistorySlices *slices);

/* The next one; false if there is no more. */
extern bool history_slices_next(HistorySlices *slices, SliceVersion *version);

/*
 * Where those of the heap are there, in its order, once they are sorted; valid
 * as long as the context in which that was done.
 */
extern ItemPointerData *history_slices_places(const HistorySlices *slices,
											  int64 *nplaces);

extern void history_slices_end(HistorySlices *slices);

#endif							/* TEMPORAL_HISTORY_SLICES_H */
