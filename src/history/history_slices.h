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
	double		versions;		/* that a slice should have */
} SliceOrder;

typedef struct HistorySlices HistorySlices;

/* A version, as it comes */
typedef struct SliceVersion
{
	TupleTableSlot *slot;		/* the history's columns are its first ones;
								 * valid until the next version */
	int32		kind;			/* slice and age: those of one kind belong
								 * together, and follow each other */
	ItemPointerData tid;		/* where it is in the heap */
	Size		size;			/* what it takes there */
} SliceVersion;

/*
 * Reads and sorts the versions, in the current context; NULL if there are none.
 * Memory is bounded by maintenance_work_mem.
 */
extern HistorySlices *history_slices_begin(const SliceOrder *order);

/* The next one; false if there is no more. */
extern bool history_slices_next(HistorySlices *slices, SliceVersion *version);

extern void history_slices_end(HistorySlices *slices);

#endif							/* TEMPORAL_HISTORY_SLICES_H */
