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
 *		xid				with its epoch
 *		lifetime		the order of magnitude of C - S
 *		ticks			its other ticks, where it needed any; they count as S
 *		the rest		who, from where, why
 *
 * The row is written in the PRE_COMMIT callback, by the transaction itself,
 * so that it is there exactly if the changes are.  A transaction that took no
 * tick writes none, nor does one that is rolled back.  Rows arrive in the
 * order of C but for transactions that commit at the same moment: BRIN indexes
 * find them by any of their times and by xid.
 *
 * HOW THOSE IN FLIGHT AT t ARE FOUND
 *		S <= t < C is a search in intervals.  Nearly all are short, some are
 *		very long.  The btree on (lifetime, committed_at) answers it: a
 *		transaction of lifetime n that was in flight at t was committed in
 *		(t, t + 4^(n+1)], and of all that were, a good part of those were in
 *		flight at t.  So a look-up reads, for each lifetime that there is, about
 *		as many rows as it finds, however long the log.
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

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "temporal.h"
#include "time/tick_reserve.h"
#include "time/transaction_flight.h"
#include "time/transaction_log.h"
#include "time/transaction_prepared.h"
#include "time/transaction_time.h"

struct TransactionScan
{
	Relation	log;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	Snapshot	snapshot;
	ScanDirection direction;
	ScanKeyData keys[2];		/* of a row comparison */
};

/* The client's address as inet, or 0; it stays the same for a session */
static bool session_addr_known = false;
static Datum session_addr = (Datum) 0;

static void transaction_log_callback(XactEvent event, void *arg);

void
transaction_log_init(void)
{
	RegisterXactCallback(transaction_log_callback, NULL);
}

static Oid
transaction_log_object(const char *name)
{
	Oid			schema = get_namespace_oid(TEMPORAL_SCHEMA, true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

Oid
transaction_log_relation(void)
{
	return transaction_log_object("transaction_log");
}

Oid
transaction_log_prepared_relation(void)
{
	return transaction_log_object("prepared_transaction");
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

static Datum
transaction_user_name(Oid role)
{
	const char *name = GetUserNameFromId(role, true);

	return CStringGetTextDatum(name ? name : "");
}

/*
 * The row of the current transaction as it ends now
 */
static HeapTuple
transaction_log_form(Relation rel, TimestampTz committed_at,
					 TimestampTz settled)
{
	Datum		values[Natts_transaction];
	bool		nulls[Natts_transaction] = {0};
	int			nticks;
	const TimestampTz *ticks = transaction_time_ticks(&nticks);

#define VALUE(name) values[Anum_transaction_##name - 1]
#define ISNULL(name) nulls[Anum_transaction_##name - 1]
	VALUE(committed_at) = TimestampTzGetDatum(committed_at);
	VALUE(system_time) = TimestampTzGetDatum(ticks[0]);
	VALUE(settled) = TimestampTzGetDatum(settled);
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
	VALUE(session_user) = transaction_user_name(GetSessionUserId());
	VALUE(role) = transaction_user_name(GetUserId());
	if (application_name && application_name[0] != '\0')
		VALUE(application_name) = CStringGetTextDatum(application_name);
	else
		ISNULL(application_name) = true;
	VALUE(client_addr) = transaction_client_addr();
	ISNULL(client_addr) = session_addr == (Datum) 0;
	if (temporal_context && temporal_context[0] != '\0')
		VALUE(context) = DirectFunctionCall1(jsonb_in,
											 CStringGetDatum(temporal_context));
	else
		ISNULL(context) = true;
#undef VALUE
#undef ISNULL
	return heap_form_tuple(RelationGetDescr(rel), values, nulls);
}

static void
transaction_log_insert(Oid relid, TimestampTz committed_at)
{
	Relation	rel = table_open(relid, RowExclusiveLock);
	HeapTuple	tuple;
	TimestampTz settled = transaction_flight_settled(committed_at, false);

	settled = transaction_prepared_settled(settled);
	tuple = transaction_log_form(rel, committed_at, settled);
	CatalogTupleInsert(rel, tuple);
	heap_freetuple(tuple);
	table_close(rel, NoLock /* until the end of the transaction */ );
}

static void
transaction_log_callback(XactEvent event, void *arg)
{
	Oid			relid;

	if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) ||
		!transaction_time_is_set())
		return;

	/* DROP EXTENSION may have been part of the transaction */
	relid = event == XACT_EVENT_PRE_COMMIT ? transaction_log_relation() :
		transaction_log_prepared_relation();
	if (OidIsValid(relid))
		transaction_log_insert(relid, tick_reserve_next());
}

void
transaction_log_write_prepared(HeapTuple prepared, TupleDesc desc)
{
	Relation	rel = table_open(transaction_log_relation(), RowExclusiveLock);
	Datum		values[Natts_transaction];
	bool		nulls[Natts_transaction];
	TimestampTz committed_at = tick_reserve_next();
	TimestampTz settled = transaction_flight_settled(committed_at, true);
	HeapTuple	tuple;

	heap_deform_tuple(prepared, desc, values, nulls);
	values[Anum_transaction_lifetime - 1] =
		Int16GetDatum(transaction_lifetime(DatumGetTimestampTz(values[Anum_transaction_system_time - 1]),
										   committed_at));
	values[Anum_transaction_committed_at - 1] =
		TimestampTzGetDatum(committed_at);
	values[Anum_transaction_settled - 1] =
		TimestampTzGetDatum(transaction_prepared_settled(settled));
	tuple = heap_form_tuple(RelationGetDescr(rel), values, nulls);
	CatalogTupleInsert(rel, tuple);
	heap_freetuple(tuple);
	table_close(rel, NoLock);
}

TransactionScan *
transaction_scan_begin(Snapshot snapshot)
{
	Oid			relid = transaction_log_relation();
	Oid			indexid = transaction_log_object("transaction_log_lifetime");
	TransactionScan *scan;

	if (!OidIsValid(relid) || !OidIsValid(indexid))
		return NULL;
	scan = palloc0(sizeof(TransactionScan));
	scan->log = table_open(relid, AccessShareLock);
	scan->index = index_open(indexid, AccessShareLock);
	scan->scan = temporal_index_beginscan(scan->log, scan->index, SnapshotSelf,
										  1, 0);
	scan->slot = table_slot_create(scan->log, NULL);
	scan->snapshot = snapshot;
	return scan;
}

void
transaction_scan_end(TransactionScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	index_close(scan->index, AccessShareLock);
	table_close(scan->log, AccessShareLock);
	pfree(scan);
}

/*
 * (lifetime, committed_at) > (lifetime, t), as one key
 */
void
transaction_scan_after(TransactionScan *scan, int lifetime, TimestampTz t)
{
	ScanKeyData row;

	ScanKeyInit(&scan->keys[0], 1, BTGreaterStrategyNumber, F_BTINT2CMP,
				Int16GetDatum(lifetime));
	scan->keys[0].sk_flags = SK_ROW_MEMBER;
	ScanKeyInit(&scan->keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_CMP,
				TimestampTzGetDatum(t));
	scan->keys[1].sk_flags = SK_ROW_MEMBER | SK_ROW_END;
	MemSet(&row, 0, sizeof(row));
	row.sk_flags = SK_ROW_HEADER;
	row.sk_attno = 1;
	row.sk_strategy = BTGreaterStrategyNumber;
	row.sk_argument = PointerGetDatum(scan->keys);
	index_rescan(scan->scan, &row, 1, NULL, 0);
	scan->direction = ForwardScanDirection;
}

void
transaction_scan_back(TransactionScan *scan, int lifetime)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTLessEqualStrategyNumber, F_INT2LE,
				Int16GetDatum(lifetime));
	index_rescan(scan->scan, &key, 1, NULL, 0);
	scan->direction = BackwardScanDirection;
}

/*
 * Does the snapshot see what the row's transaction changed?  A row of a
 * prepared transaction was written by another, a moment earlier.
 */
static bool
transaction_scan_sees(TransactionScan *scan, TransactionId xmin)
{
	return scan->snapshot == NULL || !IsMVCCSnapshot(scan->snapshot) ||
		!XidInMVCCSnapshot(xmin, scan->snapshot);
}

bool
transaction_scan_next(TransactionScan *scan, TransactionRow *row)
{
	TupleTableSlot *slot = scan->slot;
	HeapTuple	tuple;
	bool		isnull;
	Datum		ticks;

	if (!index_getnext_slot(scan->scan, scan->direction, slot))
		return false;
	slot_getsomeattrs(slot, Anum_transaction_ticks);
#define VALUE(name) slot->tts_values[Anum_transaction_##name - 1]
	row->committed_at = DatumGetTimestampTz(VALUE(committed_at));
	row->system_time = DatumGetTimestampTz(VALUE(system_time));
	row->settled = DatumGetTimestampTz(VALUE(settled));
	row->xid = DatumGetInt64(VALUE(xid));
	row->lifetime = DatumGetInt16(VALUE(lifetime));
#undef VALUE
	row->nticks = 0;
	row->ticks = NULL;
	ticks = slot_getattr(slot, Anum_transaction_ticks, &isnull);
	if (!isnull)
	{
		ArrayType  *array = DatumGetArrayTypePCopy(ticks);

		if (ARR_NDIM(array) == 1 && !ARR_HASNULL(array) &&
			ARR_ELEMTYPE(array) == TIMESTAMPTZOID)
		{
			row->nticks = ARR_DIMS(array)[0];
			row->ticks = (TimestampTz *) ARR_DATA_PTR(array);
		}
	}

	/* not slot_getsysattr(), which does not know of frozen rows */
	tuple = ExecFetchSlotHeapTuple(slot, false, NULL);
	row->visible = transaction_scan_sees(scan,
										 HeapTupleHeaderGetXmin(tuple->t_data));
	return true;
}
