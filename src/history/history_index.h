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

/* Enters rows that were written one after the other. */
extern void history_indexes_insert(HistoryIndexes *indexes,
								   const HistoryRow *rows, int nrows);

extern void history_indexes_close(HistoryIndexes *indexes);

#endif							/* TEMPORAL_HISTORY_INDEX_H */
