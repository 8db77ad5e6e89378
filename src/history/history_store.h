/*-------------------------------------------------------------------------
 *
 * history_store.h
 *	  Writing versions into a history relation
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_STORE_H
#define TEMPORAL_HISTORY_STORE_H

#include "access/htup.h"
#include "access/tableam.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"

typedef struct HistoryWriter HistoryWriter;

/*
 * Opens the history relation for writing; start_attno and end_attno are its
 * period columns.  Everything is allocated in a context of its own below the
 * current one; memory does not grow with the number of versions.  The locks
 * on the relation and its indexes are kept until the end of the transaction.
 */
extern HistoryWriter *history_writer_begin(Oid history,
										   AttrNumber start_attno,
										   AttrNumber end_attno);

/* What is added was in the history before, and only moves to the heap. */
extern void history_writer_moves(HistoryWriter *writer);

extern TupleDesc history_writer_desc(const HistoryWriter *writer);

/* The context in which tuples for history_writer_add() are to be made. */
extern MemoryContext history_writer_tuple_context(const HistoryWriter *writer);

/*
 * Adds a version that was valid from start to end.  The tuple bears the same
 * times, was made in the writer's tuple context, and is the writer's now.
 */
extern void history_writer_add(HistoryWriter *writer, HeapTuple tuple,
							   TimestampTz start, TimestampTz end);

/* Writes what is left and closes. */
extern void history_writer_end(HistoryWriter *writer);

/* Deletes a row of a history, or of its segments, that moves or is removed. */
extern TM_Result history_delete(Relation rel, ItemPointer tid,
								Snapshot snapshot, bool wait);

#endif							/* TEMPORAL_HISTORY_STORE_H */
