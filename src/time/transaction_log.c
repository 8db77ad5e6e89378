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
 *		The row, and nothing else (transaction_append.c).  What the rows of a
 *		session have in common, its users and where it comes from, is put
 *		together once: a commit copies its times into a row that is ready.
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

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
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
#include "time/transaction_append.h"
#include "time/transaction_flight.h"
#include "time/transaction_log.h"
#include "time/transaction_prepared.h"
#include "time/transaction_time.h"

static LogObjects log_objects;
static bool log_objects_known = false;

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

/* The columns in front, of fixed length and never null, as they lie in a row */
typedef struct LogTimes
{
	TimestampTz committed_at;
	TimestampTz system_time;
	TimestampTz settled;
	TimestampTz arrived;
	int64		xid;
	int16		lifetime;
} LogTimes;

#define LOG_TIMES_SIZE	(offsetof(LogTimes, lifetime) + sizeof(int16))

/*
 * A row of this session in which nothing but the times has to be changed,
 * and what it depends on
 */
static struct
{
	HeapTuple	row;			/* in TopMemoryContext, or NULL */
	Oid			log;
	uint64		forgotten;		/* log_users_forgotten */
	Oid			session_user;
	Oid			role;
	char		application_name[NAMEDATALEN];
}			log_ready;

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
		registered = true;
	}
	memset(&log_objects, 0, sizeof(log_objects));
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
 * The times of the current transaction as it ends now
 */
static void
log_take_times(LogTimes *times)
{
	int			nticks;

	times->system_time = transaction_time_ticks(&nticks)[0];
	times->committed_at = log_take_commit_tick(false, &times->settled,
											   &times->arrived);
	times->xid =
		(int64) U64FromFullTransactionId(GetTopFullTransactionId());
	times->lifetime = transaction_lifetime(times->system_time,
										   times->committed_at);
}

/*
 * Is there something in the row that another of this session would not have?
 */
static bool
log_row_is_special(void)
{
	Datum		context;
	int			nticks;

	(void) transaction_time_ticks(&nticks);
	return nticks > 1 || settings_get_context(&context);
}

static HeapTuple
log_form_row(Relation rel, const LogTimes *times)
{
	Datum		values[Natts_transaction];
	bool		nulls[Natts_transaction] = {0};
	int			nticks;
	const TimestampTz *ticks = transaction_time_ticks(&nticks);

#define VALUE(name) values[Anum_transaction_##name - 1]
#define ISNULL(name) nulls[Anum_transaction_##name - 1]
	VALUE(committed_at) = TimestampTzGetDatum(times->committed_at);
	VALUE(system_time) = TimestampTzGetDatum(times->system_time);
	VALUE(settled) = TimestampTzGetDatum(times->settled);
	VALUE(arrived) = TimestampTzGetDatum(times->arrived);
	VALUE(xid) = Int64GetDatum(times->xid);
	VALUE(lifetime) = Int16GetDatum(times->lifetime);
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
 * Is the ready row one of this session as it is now?
 */
static bool
log_ready_is_current(Relation rel)
{
	return log_ready.row != NULL &&
		log_ready.log == RelationGetRelid(rel) &&
		log_ready.forgotten == log_users_forgotten &&
		log_ready.session_user == GetSessionUserId() &&
		log_ready.role == GetUserId() &&
		strcmp(log_ready.application_name,
			   application_name ? application_name : "") == 0;
}

/*
 * The row of the current transaction as it ends now; *own: to be freed.
 */
static HeapTuple
log_row(Relation rel, const LogTimes *times, bool *own)
{
	HeapTuple	row;
	uint64		forgotten = log_users_forgotten;
	MemoryContext old;

	*own = true;
	if (log_row_is_special())
		return log_form_row(rel, times);
	if (log_ready_is_current(rel))
	{
		*own = false;
		row = log_ready.row;
		memcpy((char *) row->t_data + row->t_data->t_hoff, times,
			   LOG_TIMES_SIZE);
		return row;
	}

	row = log_form_row(rel, times);
	if (log_ready.row != NULL)
		heap_freetuple(log_ready.row);
	log_ready.row = NULL;
	old = MemoryContextSwitchTo(TopMemoryContext);
	log_ready.log = RelationGetRelid(rel);
	log_ready.forgotten = forgotten;
	log_ready.session_user = GetSessionUserId();
	log_ready.role = GetUserId();
	strlcpy(log_ready.application_name,
			application_name ? application_name : "", NAMEDATALEN);
	log_ready.row = heap_copytuple(row);
	MemoryContextSwitchTo(old);
	return row;
}

static void
transaction_log_callback(XactEvent event, void *arg)
{
	const LogObjects *objects;
	Relation	rel;
	LogTimes	times;
	HeapTuple	row;
	bool		own = true;

	if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) ||
		!transaction_time_is_set())
		return;

	/* DROP EXTENSION may have been part of the transaction */
	objects = transaction_log_objects();
	if (!OidIsValid(objects->log))
		return;

	rel = table_open(event == XACT_EVENT_PRE_COMMIT ? objects->log :
					 objects->prepared, RowExclusiveLock);
	log_take_times(&times);
	if (event == XACT_EVENT_PRE_COMMIT)
	{
		row = log_row(rel, &times, &own);
		transaction_append(rel, row, times.lifetime);
	}
	else
	{
		row = log_form_row(rel, &times);
		transaction_flight_note_prepared();
		transaction_prepared_lock();
		simple_heap_insert(rel, row);
	}
	if (own)
		heap_freetuple(row);
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
	transaction_append(rel, tuple, lifetime);
	heap_freetuple(tuple);
	table_close(rel, NoLock);
}
