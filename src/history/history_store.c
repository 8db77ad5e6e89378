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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "history/history_reach.h"
#include "history/history_store.h"

/* A batch is written when it has this many versions, or bytes */
#define HISTORY_BATCH_VERSIONS	1000
#define HISTORY_BATCH_BYTES		65535

struct HistoryWriter
{
	/* Relation */
	Relation	rel;
	ResultRelInfo *result;
	EState	   *estate;
	CommandId	cid;
	BulkInsertState bistate;	/* NULL until the second batch */

	/* Batch */
	TupleTableSlot *slots[HISTORY_BATCH_VERSIONS];
	int			nslots;			/* made */
	int			nused;			/* filled */
	Size		nbytes;

	/* Totals */
	uint64		nversions;
	TimestampTz last_end;

	/* Memory */
	MemoryContext context;		/* of all this */
};

static void history_writer_flush(HistoryWriter *writer);

HistoryWriter *
history_writer_begin(Oid history)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal history writer",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	HistoryWriter *writer = palloc(sizeof(HistoryWriter));

	writer->context = context;
	writer->rel = table_open(history, RowExclusiveLock);
	writer->estate = CreateExecutorState();
	writer->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result, writer->rel, 1, NULL, 0);
	ExecOpenIndices(writer->result, false);
	writer->cid = GetCurrentCommandId(true);
	writer->bistate = NULL;
	writer->nslots = 0;
	writer->nused = 0;
	writer->nbytes = 0;
	writer->nversions = 0;
	writer->last_end = DT_NOBEGIN;
	MemoryContextSwitchTo(old);
	return writer;
}

TupleTableSlot *
history_writer_slot(HistoryWriter *writer)
{
	if (writer->nused == writer->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->context);

		writer->slots[writer->nslots++] = table_slot_create(writer->rel, NULL);
		MemoryContextSwitchTo(old);
	}
	return writer->slots[writer->nused];
}

void
history_writer_add(HistoryWriter *writer, TimestampTz end)
{
	TupleTableSlot *slot = writer->slots[writer->nused];
	bool		should_free;
	HeapTuple	tuple;

	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
	writer->nbytes += tuple->t_len;
	if (should_free)
		heap_freetuple(tuple);
	writer->nused++;
	writer->nversions++;
	writer->last_end = Max(writer->last_end, end);

	if (writer->nused == HISTORY_BATCH_VERSIONS ||
		writer->nbytes >= HISTORY_BATCH_BYTES)
	{
		if (writer->bistate == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(writer->context);

			writer->bistate = GetBulkInsertState();
			MemoryContextSwitchTo(old);
		}
		history_writer_flush(writer);
	}
}

static void
history_writer_flush(HistoryWriter *writer)
{
	EState	   *estate = writer->estate;
	MemoryContext old;

	if (writer->nused == 0)
		return;
	CHECK_FOR_INTERRUPTS();

	/*
	 * Before a version can be seen, readers must know that history reaches to
	 * its end: see history_reach.c.
	 */
	history_reach_advance(RelationGetRelid(writer->rel), writer->last_end);

	/* TOAST leaves copies behind; they go with the batch */
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	if (writer->nused == 1)
		table_tuple_insert(writer->rel, writer->slots[0], writer->cid, 0,
						   writer->bistate);
	else
		table_multi_insert(writer->rel, writer->slots, writer->nused,
						   writer->cid, 0, writer->bistate);
	MemoryContextSwitchTo(old);

	for (int i = 0; i < writer->nused; i++)
	{
		if (writer->result->ri_NumIndices > 0)
			(void) temporal_insert_index_tuples(writer->result,
												writer->slots[i], estate);
		ExecClearTuple(writer->slots[i]);
		ResetPerTupleExprContext(estate);
	}
	writer->nused = 0;
	writer->nbytes = 0;
}

uint64
history_writer_end(HistoryWriter *writer)
{
	uint64		nversions;

	history_writer_flush(writer);
	nversions = writer->nversions;

	if (writer->bistate)
		FreeBulkInsertState(writer->bistate);
	for (int i = 0; i < writer->nslots; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	ExecCloseIndices(writer->result);
	FreeExecutorState(writer->estate);
	table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->context);
	return nversions;
}
