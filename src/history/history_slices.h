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
	int64		most;			/* about so many of them, the oldest; 0: all */
	double		versions;		/* that a slice should have */
} SliceOrder;

typedef struct HistorySlices HistorySlices;

/* A version, as it comes */
typedef struct SliceVersion
{
	bool		in_heap;		/* or it comes from a segment */
	TupleTableSlot *slot;		/* the history's columns are its first ones;
								 * valid until the next version */
	int32		slice;			/* from 0 */
	int32		age;			/* those of one slice and age follow each other */
	ItemPointerData tid;		/* where it is in the heap */
	Size		size;			/* what it takes there */
} SliceVersion;

/*
 * Looks at the heap, in the current context; says how many versions there are
 * to be moved, and whether others are left because of order->most.
 */
extern HistorySlices *history_slices_create(const SliceOrder *order,
											int64 *nversions, bool *more);

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

extern void history_slices_end(HistorySlices *slices);

#endif							/* TEMPORAL_HISTORY_SLICES_H */
