/*-------------------------------------------------------------------------
 *
 * transaction_log.c
 *	  temporal.transaction_log: when each transaction was committed
 *
 * A transaction that took a system time S (transaction_time.c) takes a last
 * tick when it commits, its commit tick C, and writes one row:
 *
 *		committed_at	C; the SCN is the same as a number of microseconds
 *		system_time		S
 *		settled			a time at or before which no other transaction was in
 *						flight as this one committed (transaction_flight.c)
 *		arrived			a time at or before which no other transaction had its
 *						C and was still about to end
 *		xid				with its epoch
 *		lifetime		the order of magnitude of C - S
 *		ticks			its other ticks, where it needed any; they count as S
 *		the rest		who, from where, why
 *
 * The row is written in the PRE_COMMIT callback, by the transaction itself,
 * so that it is there exactly if the changes are.  A transaction that took no
 * tick writes none, nor does one that is rolled back.  Rows arrive in the
 * order of C but for transactions that commit at the same moment.
 *
 * WHAT A COMMIT PAYS
 *		The row, and nothing else.  It is appended to the heap in the order of
 *		arrival, and transaction_scan.c finds its way by that order.  Only rows
 *		of slow transactions, 65 ms and more, have an entry in a btree; BRIN,
 *		which finds them by xid, has to be told of a row only if the pages
 *		around it were summarized before.  With a btree on the commit tick a
 *		commit took 8 us more.
 *
 * WHAT THE COMMIT TICK IS NOT
 *		The moment from which others see the changes: that comes when
 *		PostgreSQL has flushed the commit, and two transactions may become
 *		visible in another order than they took C (doc/time.md).
 *
 * A prepared transaction writes its row to temporal.prepared_transaction;
 * transaction_prepared.c does the rest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/brin_page.h"
#include "access/brin_revmap.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "port/pg_bitutils.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inet.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "base/settings.h"
#include "temporal.h"
#include "time/tick_clock.h"
#include "time/tick_reserve.h"
#include "time/transaction_flight.h"
#include "time/transaction_log.h"
#include "time/transaction_prepared.h"
#include "time/transaction_time.h"

static LogObjects log_objects;
static bool log_objects_known = false;

/*
 * What this session knows of BRIN: the range of pages last written to had no
 * summary when the page of BRIN's map that would tell had this LSN.
 */
static BlockNumber log_plain_range = InvalidBlockNumber;
static XLogRecPtr log_plain_lsn = InvalidXLogRecPtr;

/* pages_per_range of the BRIN index */
#define LOG_BRIN_PAGES	16

/* The client's address as inet, or 0; it stays the same for a session */
static bool session_addr_known = false;
static Datum session_addr = (Datum) 0;

/* Users by name: of the session, and the current one */
typedef struct LogUser
{
	Oid			role;			/* InvalidOid: not known */
	text	   *name;
} LogUser;

static LogUser log_users[2];
static uint64 log_users_forgotten = 0;	/* how often */

PG_FUNCTION_INFO_V1(temporal_append_transaction);

static void transaction_log_callback(XactEvent event, void *arg);

void
transaction_log_init(void)
{
	RegisterXactCallback(transaction_log_callback, NULL);
}

static void
log_objects_forget(Datum arg, int cacheid, uint32 hashvalue)
{
	log_objects_known = false;
}

static void
log_range_forget(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == log_objects.brin)
		log_plain_range = InvalidBlockNumber;
}

const LogObjects *
transaction_log_objects(void)
{
	static bool registered = false;
	Oid			schema;

	if (log_objects_known)
		return &log_objects;
	if (!registered)
	{
		/* a name found or not found comes from these two caches */
		CacheRegisterSyscacheCallback(NAMESPACEOID, log_objects_forget, 0);
		CacheRegisterSyscacheCallback(RELOID, log_objects_forget, 0);
		CacheRegisterRelcacheCallback(log_range_forget, (Datum) 0);
		registered = true;
	}
	memset(&log_objects, 0, sizeof(log_objects));
	log_plain_range = InvalidBlockNumber;
	schema = get_namespace_oid(TEMPORAL_SCHEMA, true);
	if (OidIsValid(schema))
	{
		log_objects.log = get_relname_relid("transaction_log", schema);
		log_objects.prepared = get_relname_relid("prepared_transaction",
												 schema);
		log_objects.slow = get_relname_relid("transaction_log_slow", schema);
		log_objects.brin = get_relname_relid("transaction_log_order", schema);
	}
	if (!OidIsValid(log_objects.log) || !OidIsValid(log_objects.slow) ||
		!OidIsValid(log_objects.brin) || !OidIsValid(log_objects.prepared))
		memset(&log_objects, 0, sizeof(log_objects));
	log_objects_known = true;
	return &log_objects;
}

/*
 * The smallest n for which C - S is less than 4^(n+1) microseconds
 */
static int
transaction_lifetime(TimestampTz system_time, TimestampTz committed_at)
{
	int64		length = committed_at - system_time;

	return length > 0 ? pg_leftmost_one_pos64((uint64) length) / 2 : 0;
}

int64
transaction_lifetime_limit(int lifetime)
{
	return lifetime >= 30 ? PG_INT64_MAX : INT64CONST(1) << (2 * (lifetime + 1));
}

static Datum
transaction_client_addr(void)
{
	if (!session_addr_known)
	{
		LOCAL_FCINFO(fcinfo, 0);
		Datum		addr;
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
		addr = MyProcPort ? inet_client_addr(fcinfo) : (Datum) 0;
		if (MyProcPort && !fcinfo->isnull)
			session_addr = addr;
		session_addr_known = true;
		MemoryContextSwitchTo(old);
	}
	return session_addr;
}

static void
log_users_forget(Datum arg, int cacheid, uint32 hashvalue)
{
	log_users_forgotten++;
	for (int i = 0; i < lengthof(log_users); i++)
		log_users[i].role = InvalidOid;
}

/*
 * The name of a role, which most commits have in common with the one before.
 */
static Datum
transaction_user_name(LogUser *user, Oid role)
{
	static bool registered = false;
	uint64		forgotten;
	const char *name;
	MemoryContext old;

	if (user->role == role)
		return PointerGetDatum(user->name);
	if (!registered)
	{
		CacheRegisterSyscacheCallback(AUTHOID, log_users_forget, (Datum) 0);
		registered = true;
	}
	forgotten = log_users_forgotten;
	name = GetUserNameFromId(role, true);
	if (name == NULL)
		return CStringGetTextDatum("");

	/* What is invalidated during the look-up is not kept */
	if (forgotten != log_users_forgotten)
		return CStringGetTextDatum(name);
	old = MemoryContextSwitchTo(TopMemoryContext);
	user->role = InvalidOid;
	if (user->name != NULL)
		pfree(user->name);
	user->name = NULL;
	user->name = cstring_to_text(name);
	user->role = role;
	MemoryContextSwitchTo(old);
	return PointerGetDatum(user->name);
}

/*
 * Takes C, and before that looks at what is settled and has arrived: what had
 * ended then, ended before C (transaction_scan.c).
 */
static TimestampTz
log_take_commit_tick(bool own, TimestampTz *settled, TimestampTz *arrived)
{
	TimestampTz last;

	transaction_flight_commit();
	last = tick_clock_last();
	transaction_flight_look(last, own, settled, arrived);
	*settled = transaction_prepared_settled(*settled);
	return tick_reserve_next();
}

/*
 * The row of the current transaction as it ends now
 */
static HeapTuple
transaction_log_form(Relation rel)
{
	Datum		values[Natts_transaction];
	bool		nulls[Natts_transaction] = {0};
	int			nticks;
	const TimestampTz *ticks = transaction_time_ticks(&nticks);
	TimestampTz settled;
	TimestampTz arrived;
	TimestampTz committed_at = log_take_commit_tick(false, &settled, &arrived);

#define VALUE(name) values[Anum_transaction_##name - 1]
#define ISNULL(name) nulls[Anum_transaction_##name - 1]
	VALUE(committed_at) = TimestampTzGetDatum(committed_at);
	VALUE(system_time) = TimestampTzGetDatum(ticks[0]);
	VALUE(settled) = TimestampTzGetDatum(settled);
	VALUE(arrived) = TimestampTzGetDatum(arrived);
	VALUE(xid) =
		Int64GetDatum((int64) U64FromFullTransactionId(GetTopFullTransactionId()));
	VALUE(lifetime) =
		Int16GetDatum(transaction_lifetime(ticks[0], committed_at));
	if (nticks > 1)
		VALUE(ticks) =
			PointerGetDatum(construct_array((Datum *) ticks + 1, nticks - 1,
											TIMESTAMPTZOID,
											sizeof(TimestampTz), true,
											TYPALIGN_DOUBLE));
	else
		ISNULL(ticks) = true;
	VALUE(session_user) = transaction_user_name(&log_users[0],
												GetSessionUserId());
	VALUE(role) = transaction_user_name(&log_users[1], GetUserId());
	if (application_name && application_name[0] != '\0')
		VALUE(application_name) = CStringGetTextDatum(application_name);
	else
		ISNULL(application_name) = true;
	VALUE(client_addr) = transaction_client_addr();
	ISNULL(client_addr) = session_addr == (Datum) 0;
	ISNULL(context) = !settings_get_context(&VALUE(context));
	ISNULL(prepared_by) = true;
#undef VALUE
#undef ISNULL
	return heap_form_tuple(RelationGetDescr(rel), values, nulls);
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
 * The LSN of the page of BRIN's map that has, or would have, the range;
 * InvalidXLogRecPtr if there is none.
 */
static XLogRecPtr
log_brin_map_lsn(Relation index, BlockNumber range)
{
	BlockNumber block = range / REVMAP_PAGE_MAXITEMS + 1;
	Buffer		buffer;
	XLogRecPtr	lsn;

	if (log_plain_range != range &&
		block >= RelationGetNumberOfBlocks(index))
		return InvalidXLogRecPtr;
	buffer = ReadBuffer(index, block);
	lsn = BufferGetLSNAtomic(buffer);
	ReleaseBuffer(buffer);
	return lsn;
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
	XLogRecPtr	lsn;
	bool		result = false;

	if (block % LOG_BRIN_PAGES == 0 &&
		ItemPointerGetOffsetNumber(&tuple->t_self) == FirstOffsetNumber)
		return true;

	index = index_open(indexid, NoLock);
	lsn = log_brin_map_lsn(index, range);
	if (range != log_plain_range || lsn != log_plain_lsn ||
		XLogRecPtrIsInvalid(lsn))
	{
		result = log_brin_has_summary(index, range);
		log_plain_range = result || XLogRecPtrIsInvalid(lsn) ?
			InvalidBlockNumber : range;
		log_plain_lsn = lsn;
	}
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
 * Appends the tuple: always to the last page there is, so that rows lie in the
 * order in which they arrive (transaction_scan.c relies on it).
 */
static void
log_insert_tuple(Relation rel, HeapTuple tuple, int lifetime)
{
	static const AttrNumber slow[] = {
		Anum_transaction_lifetime, Anum_transaction_committed_at
	};
	static const AttrNumber brin[] = {
		Anum_transaction_committed_at, Anum_transaction_system_time,
		Anum_transaction_xid
	};
	const LogObjects *objects = transaction_log_objects();
	ListCell   *lc;

	RelationSetTargetBlock(rel, InvalidBlockNumber);
	heap_insert(rel, tuple, GetCurrentCommandId(true), HEAP_INSERT_SKIP_FSM,
				NULL);
	foreach(lc, RelationGetIndexList(rel))
	{
		Oid			indexid = lfirst_oid(lc);

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
}

static void
transaction_log_callback(XactEvent event, void *arg)
{
	const LogObjects *objects;
	Relation	rel;
	HeapTuple	tuple;
	bool		isnull;

	if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) ||
		!transaction_time_is_set())
		return;

	/* DROP EXTENSION may have been part of the transaction */
	objects = transaction_log_objects();
	if (!OidIsValid(objects->log))
		return;

	rel = table_open(event == XACT_EVENT_PRE_COMMIT ? objects->log :
					 objects->prepared, RowExclusiveLock);
	tuple = transaction_log_form(rel);
	if (event == XACT_EVENT_PRE_COMMIT)
		log_insert_tuple(rel, tuple,
						 DatumGetInt16(heap_getattr(tuple,
													Anum_transaction_lifetime,
													RelationGetDescr(rel),
													&isnull)));
	else
	{
		transaction_flight_note_prepared();
		transaction_prepared_lock();
		simple_heap_insert(rel, tuple);
	}
	heap_freetuple(tuple);
	table_close(rel, NoLock /* until the end of the transaction */ );
}

void
transaction_log_write_prepared(HeapTuple prepared, TupleDesc desc)
{
	Relation	rel = table_open(transaction_log_objects()->log,
								 RowExclusiveLock);
	Datum		values[Natts_transaction];
	bool		nulls[Natts_transaction];
	TimestampTz settled;
	TimestampTz arrived;
	TimestampTz committed_at = log_take_commit_tick(false, &settled, &arrived);
	int			lifetime;
	HeapTuple	tuple;

	heap_deform_tuple(prepared, desc, values, nulls);
#define VALUE(name) values[Anum_transaction_##name - 1]
	lifetime = transaction_lifetime(DatumGetTimestampTz(VALUE(system_time)),
									committed_at);
	VALUE(lifetime) = Int16GetDatum(lifetime);
	VALUE(committed_at) = TimestampTzGetDatum(committed_at);
	VALUE(settled) = TimestampTzGetDatum(settled);
	VALUE(arrived) = TimestampTzGetDatum(arrived);
	VALUE(prepared_by) = Int64GetDatum((int64) GetSystemIdentifier());
	nulls[Anum_transaction_prepared_by - 1] = false;
#undef VALUE
	tuple = heap_form_tuple(RelationGetDescr(rel), values, nulls);
	log_insert_tuple(rel, tuple, lifetime);
	heap_freetuple(tuple);
	table_close(rel, NoLock);
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
	log_insert_tuple(rel, heap_copytuple(tuple), DatumGetInt16(lifetime));
	return PointerGetDatum(NULL);
}
