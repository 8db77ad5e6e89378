/*-------------------------------------------------------------------------
 *
 * transaction_append.c
 *	  Appends rows to temporal.transaction_log
 *
 * A row is appended to the heap in the order of arrival, and transaction_scan.c
 * finds its way by that order.  Only rows of slow transactions, 65 ms and
 * more, have an entry in a btree; BRIN, which finds rows by xid, has to be
 * told of one only if the pages around it were summarized before.  With a
 * btree on the commit tick a commit took 8 us more.
 *
 * To know that BRIN has no summary yet, a commit looks at one page of BRIN's
 * map, of which this session remembers the buffer: that costs a pin, but
 * neither the index nor a look-up in the table of buffers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/brin_page.h"
#include "access/brin_revmap.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "base/compat_access.h"
#include "temporal.h"
#include "time/transaction_append.h"
#include "time/transaction_log.h"

/* pages_per_range of the BRIN index; the page of its map that has a range */
#define LOG_BRIN_PAGES	16
#define LOG_BRIN_MAP_BLOCK(range)	((range) / REVMAP_PAGE_MAXITEMS + 1)

/*
 * What this session knows of BRIN: the range of pages last written to had no
 * summary when the page of BRIN's map that would tell, which was in this
 * buffer, had this LSN.
 */
typedef struct LogPlainRange
{
	Oid			index;
	BlockNumber range;			/* InvalidBlockNumber: nothing is known */
	TemporalRelFile file;
	Buffer		buffer;
	XLogRecPtr	lsn;
} LogPlainRange;

static LogPlainRange plain = {InvalidOid, InvalidBlockNumber};

PG_FUNCTION_INFO_V1(temporal_append_transaction);

static void
log_range_forget(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == plain.index)
		plain.range = InvalidBlockNumber;
}

/*
 * Is the range the one of which BRIN was known to have no summary, and has its
 * map not changed since?
 */
static bool
log_range_is_plain(Oid indexid, BlockNumber range)
{
	XLogRecPtr	lsn;

	if (plain.range != range || plain.index != indexid ||
		!ReadRecentBuffer(plain.file, MAIN_FORKNUM,
						  LOG_BRIN_MAP_BLOCK(range), plain.buffer))
		return false;
	lsn = BufferGetLSNAtomic(plain.buffer);
	ReleaseBuffer(plain.buffer);
	return lsn == plain.lsn;
}

/*
 * Notes the buffer and the LSN of the page of BRIN's map that has, or would
 * have, the range.  To be called before the summary is looked for.
 */
static bool
log_range_note(Relation index, BlockNumber range)
{
	static bool registered = false;
	BlockNumber block = LOG_BRIN_MAP_BLOCK(range);

	if (!registered)
	{
		CacheRegisterRelcacheCallback(log_range_forget, (Datum) 0);
		registered = true;
	}
	plain.range = InvalidBlockNumber;
	if (block >= RelationGetNumberOfBlocks(index))
		return false;
	plain.index = RelationGetRelid(index);
	plain.file = temporal_rel_file(index);
	plain.buffer = ReadBuffer(index, block);
	plain.lsn = BufferGetLSNAtomic(plain.buffer);
	ReleaseBuffer(plain.buffer);
	return !XLogRecPtrIsInvalid(plain.lsn);
}

/*
 * An entry for the tuple in an index of plain columns.  The lock on the table
 * is enough: whoever drops or rebuilds the index takes one that waits for it.
 */
static void
log_insert_entry(Relation rel, Oid indexid, int natts,
				 const AttrNumber *attnums, HeapTuple tuple)
{
	Relation	index = index_open(indexid, NoLock);
	IndexInfo  *info = makeNode(IndexInfo);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	info->ii_NumIndexAttrs = info->ii_NumIndexKeyAttrs = natts;
	info->ii_ReadyForInserts = true;
	info->ii_Am = index->rd_rel->relam;
	info->ii_Context = CurrentMemoryContext;
	for (int i = 0; i < natts; i++)
	{
		info->ii_IndexAttrNumbers[i] = attnums[i];
		values[i] = heap_getattr(tuple, attnums[i], RelationGetDescr(rel),
								 &nulls[i]);
	}
	(void) index_insert(index, values, nulls, &tuple->t_self, rel,
						UNIQUE_CHECK_NO, false, info);
	temporal_index_insert_cleanup(index, info);
	index_close(index, NoLock);
}

/*
 * Has BRIN a summary of the range of pages?
 */
static bool
log_brin_has_summary(Relation index, BlockNumber range)
{
	BlockNumber pages;
	BrinRevmap *revmap = temporal_brin_revmap(index, &pages);
	Buffer		buffer = InvalidBuffer;
	OffsetNumber offset;
	bool		result;

	result = temporal_brin_summary(revmap, range * LOG_BRIN_PAGES, &buffer,
								   &offset) != NULL;
	if (result)
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (BufferIsValid(buffer))
		ReleaseBuffer(buffer);
	brinRevmapTerminate(revmap);
	return result;
}

/*
 * Does BRIN have to be told of the tuple?  If it begins a range, upon which
 * BRIN asks for a summary of the one before, or if its range was summarized
 * before it came.  A summary that is made later has the tuple, which is why
 * this is asked after it was inserted.
 */
static bool
log_brin_concerns(Oid indexid, HeapTuple tuple)
{
	BlockNumber block = ItemPointerGetBlockNumber(&tuple->t_self);
	BlockNumber range = block / LOG_BRIN_PAGES;
	Relation	index;
	bool		noted;
	bool		result;

	if (block % LOG_BRIN_PAGES == 0 &&
		ItemPointerGetOffsetNumber(&tuple->t_self) == FirstOffsetNumber)
		return true;
	if (log_range_is_plain(indexid, range))
		return false;

	index = index_open(indexid, NoLock);
	noted = log_range_note(index, range);
	result = log_brin_has_summary(index, range);
	if (noted && !result)
		plain.range = range;
	index_close(index, NoLock);
	return result;
}

/*
 * An entry in an index that is not ours: one that REINDEX CONCURRENTLY is
 * building, or that somebody wanted to have.
 */
static void
log_insert_foreign_entry(Relation rel, Oid indexid, HeapTuple tuple)
{
	Relation	index = index_open(indexid, NoLock);
	IndexInfo  *info = BuildIndexInfo(index);
	EState	   *estate = CreateExecutorState();
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel),
													&TTSOpsHeapTuple);
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	if (info->ii_ReadyForInserts)
	{
		ExecStoreHeapTuple(tuple, slot, false);
		GetPerTupleExprContext(estate)->ecxt_scantuple = slot;
		if (info->ii_Predicate == NIL ||
			ExecQual(ExecPrepareQual(info->ii_Predicate, estate),
					 GetPerTupleExprContext(estate)))
		{
			FormIndexDatum(info, slot, estate, values, nulls);
			(void) index_insert(index, values, nulls, &tuple->t_self, rel,
								info->ii_Unique ? UNIQUE_CHECK_YES :
								UNIQUE_CHECK_NO, false, info);
			temporal_index_insert_cleanup(index, info);
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
	index_close(index, NoLock);
}

/*
 * An entry in an index, if it needs one.
 */
static void
log_insert_index(Relation rel, Oid indexid, const LogObjects *objects,
				 HeapTuple tuple, int lifetime)
{
	static const AttrNumber slow[] = {
		Anum_transaction_lifetime, Anum_transaction_committed_at
	};
	static const AttrNumber brin[] = {
		Anum_transaction_committed_at, Anum_transaction_system_time,
		Anum_transaction_xid
	};

	if (indexid == objects->slow)
	{
		if (lifetime >= TRANSACTION_LIFETIME_SLOW)
			log_insert_entry(rel, indexid, lengthof(slow), slow, tuple);
	}
	else if (indexid == objects->brin)
	{
		if (log_brin_concerns(indexid, tuple))
			log_insert_entry(rel, indexid, lengthof(brin), brin, tuple);
	}
	else
		log_insert_foreign_entry(rel, indexid, tuple);
}

/*
 * Always to the last page there is, so that rows lie in the order in which
 * they arrive.
 */
void
transaction_append(Relation rel, HeapTuple tuple, int lifetime)
{
	const LogObjects *objects = transaction_log_objects();
	ListCell   *lc;

	RelationSetTargetBlock(rel, InvalidBlockNumber);
	heap_insert(rel, tuple, GetCurrentCommandId(true), HEAP_INSERT_SKIP_FSM,
				NULL);

	/* the two indexes that it should have, and no copy of their list */
	if (rel->rd_indexvalid && list_length(rel->rd_indexlist) == 2 &&
		list_member_oid(rel->rd_indexlist, objects->slow) &&
		list_member_oid(rel->rd_indexlist, objects->brin))
	{
		log_insert_index(rel, objects->slow, objects, tuple, lifetime);
		log_insert_index(rel, objects->brin, objects, tuple, lifetime);
		return;
	}
	foreach(lc, RelationGetIndexList(rel))
		log_insert_index(rel, lfirst_oid(lc), objects, tuple, lifetime);
}

/*
 * temporal.append_transaction() RETURNS trigger
 *
 * BEFORE INSERT FOR EACH ROW: appends the row as a commit does.  COPY, when a
 * dump is restored, would put short rows into what long ones left free.
 */
Datum
temporal_append_transaction(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation	rel;
	HeapTuple	tuple;
	Datum		lifetime;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		RelationGetRelid(trigger->tg_relation) != transaction_log_objects()->log)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("temporal.append_transaction() belongs to temporal.transaction_log alone")));
	rel = trigger->tg_relation;
	tuple = trigger->tg_trigtuple;

	/* what must not be null is PostgreSQL's to say */
	for (int i = 1; i <= Natts_transaction; i++)
	{
		if (TupleDescAttr(RelationGetDescr(rel), i - 1)->attnotnull &&
			heap_attisnull(tuple, i, RelationGetDescr(rel)))
			return PointerGetDatum(tuple);
	}
	lifetime = heap_getattr(tuple, Anum_transaction_lifetime,
							RelationGetDescr(rel), &isnull);
	transaction_append(rel, heap_copytuple(tuple),
					   DatumGetInt16(lifetime));
	return PointerGetDatum(NULL);
}
