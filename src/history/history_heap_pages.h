/*-------------------------------------------------------------------------
 *
 * history_heap_pages.h
 *	  Reading the rows of a heap that were valid at a time: its pages
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_HEAP_PAGES_H
#define TEMPORAL_HISTORY_HEAP_PAGES_H

#include "access/htup_details.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/*
 * What the last two columns, of times, are between, both ends included.  A
 * column without a bound may be null.
 */
typedef struct HeapPeriod
{
	int			natts;			/* of the relation */
	bool		bound[2];
	int64		low[2];
	int64		high[2];
} HeapPeriod;

typedef struct HeapPages HeapPages;

/*
 * Begins to read the rows that the snapshot sees.  index is a BRIN index of the
 * two columns, or InvalidOid.  wanted has to stay until the end.  Memory is the
 * current context's.
 */
extern HeapPages *history_heap_pages_begin(Relation rel, Snapshot snapshot,
										   Oid index,
										   const HeapPeriod *wanted);

/*
 * Puts the next row into the slot, of a buffer's tuple; false, and an empty
 * slot, if there is none.  Adds rows that are not wanted to *passed_over,
 * whoever sees them.
 */
extern bool history_heap_pages_next(HeapPages *pages, TupleTableSlot *slot,
									int64 *passed_over);

/* How many pages were read so far; 0 of NULL */
extern BlockNumber history_heap_pages_read(const HeapPages *pages);

/* Returns the same. */
extern BlockNumber history_heap_pages_end(HeapPages *pages);

/* Is a row that has to be taken apart wanted? */
extern bool history_heap_takes_other(const HeapPeriod *wanted,
									 HeapTuple tuple, TupleDesc desc);

static inline bool
history_heap_is_between(const HeapPeriod *wanted, int column, int64 value)
{
	return value >= wanted->low[column] && value <= wanted->high[column];
}

/*
 * Is the row wanted?
 *
 * Columns of eight bytes, aligned to as many, have nothing behind them where
 * they are the last and not null: they are the last bytes of a row that has all
 * columns.  One of before columns were added, if it could be, is taken apart.
 */
static inline bool
history_heap_takes(const HeapPeriod *wanted, HeapTuple tuple, TupleDesc desc)
{
	HeapTupleHeader header = tuple->t_data;
	int			natts = wanted->natts;
	int64		period[2];

	if (unlikely(HeapTupleHeaderGetNatts(header) != natts ||
				 tuple->t_len < header->t_hoff + sizeof(period) ||
				 (HeapTupleHasNulls(tuple) &&
				  (att_isnull(natts - 2, header->t_bits) ||
				   att_isnull(natts - 1, header->t_bits)))))
		return history_heap_takes_other(wanted, tuple, desc);
	memcpy(period, (char *) header + tuple->t_len - sizeof(period),
		   sizeof(period));
	return history_heap_is_between(wanted, 0, period[0]) &&
		history_heap_is_between(wanted, 1, period[1]);
}

#endif							/* TEMPORAL_HISTORY_HEAP_PAGES_H */
