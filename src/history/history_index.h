/*-------------------------------------------------------------------------
 *
 * history_index.h
 *	  Entering versions into the indexes of a history relation
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_INDEX_H
#define TEMPORAL_HISTORY_INDEX_H

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"

/* A version that the heap has already */
typedef struct HistoryRow
{
	TupleTableSlot *slot;		/* its tuple; tts_tid says where it is */
	TimestampTz start;
	TimestampTz end;
} HistoryRow;

typedef struct HistoryIndexes HistoryIndexes;

/*
 * Opens all indexes of the relation, in the current context; their locks are
 * kept until the end of the transaction.
 */
extern HistoryIndexes *history_indexes_open(Relation rel,
											AttrNumber start_attno,
											AttrNumber end_attno);

/*
 * Says that many rows are to come: entries that are better made together are
 * collected from now on, and made when the indexes are closed.
 */
extern void history_indexes_expect_many(HistoryIndexes *indexes);

/* Enters rows that were written one after the other. */
extern void history_indexes_insert(HistoryIndexes *indexes,
								   const HistoryRow *rows, int nrows);

extern void history_indexes_close(HistoryIndexes *indexes);

#endif							/* TEMPORAL_HISTORY_INDEX_H */
