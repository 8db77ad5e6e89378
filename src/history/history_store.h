/*-------------------------------------------------------------------------
 *
 * history_store.h
 *	  Writing versions into a history relation
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_STORE_H
#define TEMPORAL_HISTORY_STORE_H

#include "datatype/timestamp.h"
#include "executor/tuptable.h"

typedef struct HistoryWriter HistoryWriter;

/*
 * Opens the history relation for writing.  Everything is allocated in a
 * context of its own below the current one; memory does not grow with the
 * number of versions.  The lock on the relation is kept until the end of the
 * transaction.
 */
extern HistoryWriter *history_writer_begin(Oid history);

/*
 * An empty slot for the next version.  The caller fills tts_values and
 * tts_isnull, for every column of the history relation, and calls
 * history_writer_add() before it lets go of what they point to.
 */
extern TupleTableSlot *history_writer_slot(HistoryWriter *writer);

/* Adds the version in the slot; end is when it ended. */
extern void history_writer_add(HistoryWriter *writer, TimestampTz end);

/* Writes what is left and closes; returns the number of versions added. */
extern uint64 history_writer_end(HistoryWriter *writer);

#endif							/* TEMPORAL_HISTORY_STORE_H */
