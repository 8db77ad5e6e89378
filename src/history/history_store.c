/*-------------------------------------------------------------------------
 *
 * history_store.c
 *	  Writing versions into a history relation
 *
 * Versions are collected in slots that are reused, and written a batch at a
 * time with table_multi_insert(), as COPY does it: one WAL record a page
 * instead of one a row, and no SPI.  The relation's triggers do not fire and
 * privileges on it are not asked: history is written on behalf of the table.
 *
 * LOGICAL REPLICATION
 *		of a history is of versions that come to be.  That one moves, between
 *		the heap and segments, or that this server's retention removes it, is
 *		nothing that others should repeat, and what happens to segments they
 *		would not hear of: so it is not decoded.
 *
 * MEMORY
 *		Slots hold their tuples in the tuple context, which is reset after
 *		each batch, together with what TOAST left there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "history/history_index.h"
#include "history/history_reach.h"
#include "history/history_store.h"

/* A batch is written when it has this many versions, or bytes */
#define HISTORY_BATCH_VERSIONS	1000
#define HISTORY_BATCH_BYTES		65535
/* Most statements change few rows */
#define HISTORY_BATCH_FIRST		4

struct HistoryWriter
{
	/* Relation */
	Relation	rel;
	HistoryIndexes *indexes;
	CommandId	cid;
	BulkInsertState bistate;	/* NULL until a batch was full */

	/* Batch */
	HistoryRow *rows;
	int			space;			/* of rows */
	int			nslots;			/* rows that have a slot */
	int			nrows;			/* rows in the batch */
	Size		nbytes;
	TimestampTz last_end;
	bool		moves;			/* versions that were in the history before */

	/* Memory */
	MemoryContext context;		/* of all this */
	MemoryContext tuple_context;	/* of the batch's tuples */
};

static void history_writer_flush(HistoryWriter *writer);

HistoryWriter *
history_writer_begin(Oid history, AttrNumber start_attno,
					 AttrNumber end_attno)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal history writer",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	HistoryWriter *writer = palloc0(sizeof(HistoryWriter));

	writer->context = context;
	writer->tuple_context = AllocSetContextCreate(context,
												  "temporal history tuples",
												  ALLOCSET_DEFAULT_SIZES);
	writer->rel = table_open(history, RowExclusiveLock);
	writer->indexes = history_indexes_open(writer->rel, start_attno,
										   end_attno);
	writer->cid = GetCurrentCommandId(true);
	writer->last_end = DT_NOBEGIN;
	MemoryContextSwitchTo(old);
	return writer;
}

void
history_writer_moves(HistoryWriter *writer)
{
	writer->moves = true;
}

TupleDesc
history_writer_desc(const HistoryWriter *writer)
{
	return RelationGetDescr(writer->rel);
}

MemoryContext
history_writer_tuple_context(const HistoryWriter *writer)
{
	return writer->tuple_context;
}

/*
 * The next row of the batch, with a slot.
 */
static HistoryRow *
history_writer_next_row(HistoryWriter *writer)
{
	MemoryContext old;

	if (writer->nrows < writer->nslots)
		return &writer->rows[writer->nrows++];

	old = MemoryContextSwitchTo(writer->context);
	if (writer->nslots == writer->space)
	{
		writer->space = writer->space == 0 ? HISTORY_BATCH_FIRST :
			Min(writer->space * 4, HISTORY_BATCH_VERSIONS);
		if (writer->rows == NULL)
			writer->rows = palloc(writer->space * sizeof(HistoryRow));
		else
			writer->rows = repalloc(writer->rows,
									writer->space * sizeof(HistoryRow));
	}
	writer->rows[writer->nslots++].slot =
		MakeSingleTupleTableSlot(RelationGetDescr(writer->rel),
								 &TTSOpsHeapTuple);
	MemoryContextSwitchTo(old);
	return &writer->rows[writer->nrows++];
}

void
history_writer_add(HistoryWriter *writer, HeapTuple tuple, TimestampTz start,
				   TimestampTz end)
{
	HistoryRow *row = history_writer_next_row(writer);

	ExecStoreHeapTuple(tuple, row->slot, true);
	row->start = start;
	row->end = end;
	writer->nbytes += tuple->t_len;
	writer->last_end = Max(writer->last_end, end);

	if (writer->nrows == HISTORY_BATCH_VERSIONS ||
		writer->nbytes >= HISTORY_BATCH_BYTES)
	{
		if (writer->bistate == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(writer->context);

			writer->bistate = GetBulkInsertState();
			MemoryContextSwitchTo(old);
			history_indexes_expect_many(writer->indexes);
		}
		history_writer_flush(writer);
	}
}

/*
 * Inserts the batch one by one, which is what can be left out of decoding.
 */
static void
history_writer_insert_quietly(HistoryWriter *writer)
{
	for (int i = 0; i < writer->nrows; i++)
		table_tuple_insert(writer->rel, writer->rows[i].slot, writer->cid,
						   TABLE_INSERT_NO_LOGICAL, writer->bistate);
}

static void
history_writer_flush(HistoryWriter *writer)
{
	TupleTableSlot *slots[HISTORY_BATCH_VERSIONS];
	MemoryContext old;

	if (writer->nrows == 0)
		return;
	CHECK_FOR_INTERRUPTS();

	/*
	 * Before a version can be seen, readers must know that history reaches to
	 * its end: see history_reach.c.
	 */
	history_reach_advance(RelationGetRelid(writer->rel), writer->last_end);
	history_reach_note_boundary(RelationGetRelid(writer->rel),
								writer->last_end);

	old = MemoryContextSwitchTo(writer->tuple_context);
	for (int i = 0; i < writer->nrows; i++)
		slots[i] = writer->rows[i].slot;
	if (writer->moves && RelationIsLogicallyLogged(writer->rel))
		history_writer_insert_quietly(writer);
	else if (writer->nrows == 1)
		table_tuple_insert(writer->rel, slots[0], writer->cid, 0,
						   writer->bistate);
	else
		table_multi_insert(writer->rel, slots, writer->nrows, writer->cid, 0,
						   writer->bistate);
	history_indexes_insert(writer->indexes, writer->rows, writer->nrows);
	MemoryContextSwitchTo(old);

	for (int i = 0; i < writer->nrows; i++)
		ExecClearTuple(slots[i]);
	MemoryContextReset(writer->tuple_context);
	writer->nrows = 0;
	writer->nbytes = 0;
}

void
history_writer_end(HistoryWriter *writer)
{
	history_writer_flush(writer);
	history_indexes_close(writer->indexes);
	if (writer->bistate)
		FreeBulkInsertState(writer->bistate);

	/* slots hold a reference on the relation's descriptor */
	for (int i = 0; i < writer->nslots; i++)
		ExecDropSingleTupleTableSlot(writer->rows[i].slot);
	table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->context);
}

TM_Result
history_delete(Relation rel, ItemPointer tid, Snapshot snapshot, bool wait)
{
	char		identity = rel->rd_rel->relreplident;
	TM_FailureData failure;
	volatile TM_Result result = TM_Invisible;

	if (!RelationIsLogicallyLogged(rel))
		return table_tuple_delete(rel, tid, GetCurrentCommandId(true),
								  snapshot, InvalidSnapshot, wait, &failure,
								  false);

	/* a deletion is decoded by the old row that is logged with it */
	PG_TRY();
	{
		rel->rd_rel->relreplident = REPLICA_IDENTITY_NOTHING;
		result = table_tuple_delete(rel, tid, GetCurrentCommandId(true),
									snapshot, InvalidSnapshot, wait, &failure,
									false);
	}
	PG_FINALLY();
	{
		rel->rd_rel->relreplident = identity;
	}
	PG_END_TRY();
	return result;
}
