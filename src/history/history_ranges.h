/*-------------------------------------------------------------------------
 *
 * history_ranges.h
 *	  Reading pages of a heap, and coming back from those without rows
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_RANGES_H
#define TEMPORAL_HISTORY_RANGES_H

#include "access/tableam.h"
#include "executor/tuptable.h"
#include "storage/block.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* So many pages are read before whoever reads them is asked to pause */
#define RANGE_PAGES			32

typedef struct RangeScan
{
	TableScanDesc scan;
	BlockNumber npages;			/* of the heap, when the scan began */
	BlockNumber next;			/* the first page that is not scanned yet */
	BlockNumber end;			/* the first one that is not wanted */
} RangeScan;

/*
 * Prepares to read rows that the snapshot sees.  aside: at the expense of few
 * buffers, as PostgreSQL reads large tables.
 */
extern void history_ranges_begin(RangeScan *ranges, Relation rel,
								 Snapshot snapshot, bool aside);

/* Rows of the pages from first on, up to the one before end, come next. */
extern void history_ranges_set(RangeScan *ranges, BlockNumber first,
							   BlockNumber end);

/* The next row; false if there is none. */
extern bool history_ranges_next(RangeScan *ranges, TupleTableSlot *slot);

extern void history_ranges_end(RangeScan *ranges);

#endif							/* TEMPORAL_HISTORY_RANGES_H */
