/*-------------------------------------------------------------------------
 *
 * tick_reserve.c
 *	  Ticks that stay in order over restarts, crashes and promotions
 *
 * The sequence temporal.tick_reserve of each database holds a time, the
 * reserve, that every tick given in this database is below.  It is written
 * ahead, TICK_RESERVE_STEP at a time, before a tick above it is handed out.
 * Its WAL record precedes everything that bears such a tick, so whatever
 * survives a crash, or reached a standby, is below the reserve that survived
 * with it; no flush of its own is needed.
 *
 * The first tick after a start (or a promotion) raises the clock to the
 * reserve.  The clock may so run ahead of the time of day by at most
 * TICK_RESERVE_STEP, for as long as it takes the time of day to catch up.
 *
 * The greatest reserve of all databases is also kept in a file (tick_file.c).
 *
 * LOCKING
 *		TickReserve.lock (an LWLock) covers the list of databases whose
 *		reserve was merged, and the look-and-write of a sequence and of the
 *		file, so that a reserve never moves back.  The lock on the sequence itself is taken
 *		before it: nobody may wait for a heavyweight lock under an LWLock.
 *
 * A database that does not find a place in the list merges its reserve in
 * each new session; that costs it some accuracy, never the order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xlog.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_namespace.h"
#include "catalog/namespace.h"
#include "base/settings.h"
#include "temporal.h"
#include "time/tick_clock.h"
#include "time/tick_file.h"
#include "time/tick_reserve.h"

/* How far ahead of the ticks the reserve is written, in microseconds */
#define TICK_RESERVE_STEP		INT64CONST(100000)

#define TICK_RESERVE_DATABASES	128
#define TICK_RESERVE_TRANCHE	"temporal_tick_reserve"

typedef struct TickReserveDatabase
{
	Oid			database;
	TimestampTz start;			/* its reserve when the server started */
} TickReserveDatabase;

typedef struct TickReserve
{
	LWLock	   *lock;
	TimestampTz server;			/* the greatest reserve, as in the file */
	int			ndatabases;
	TickReserveDatabase databases[TICK_RESERVE_DATABASES];
} TickReserve;

static TickReserve *tick_reserve = NULL;

/*
 * What this session knows: ticks below session_reserve may be handed out, and
 * session_start is this database's TickReserveDatabase.start.
 */
static TimestampTz session_reserve = 0;
static TimestampTz session_start = 0;
static bool session_merged = false;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static void
tick_reserve_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(TickReserve)));
	RequestNamedLWLockTranche(TICK_RESERVE_TRANCHE, 1);
}

static void
tick_reserve_shmem_startup(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tick_reserve = ShmemInitStruct("temporal tick reserve",
								   sizeof(TickReserve), &found);
	if (!found)
	{
		memset(tick_reserve, 0, sizeof(TickReserve));
		tick_reserve->lock =
			&(GetNamedLWLockTranche(TICK_RESERVE_TRANCHE))->lock;
		tick_clock_raise(tick_file_read());
	}
	LWLockRelease(AddinShmemInitLock);
}

void
tick_reserve_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = tick_reserve_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = tick_reserve_shmem_startup;
}

/*
 * The sequence, locked until the end of the transaction.
 */
static Oid
tick_reserve_lock_sequence(LOCKMODE lockmode)
{
	Oid			nspid = get_namespace_oid(TEMPORAL_SCHEMA, false);
	Oid			seqid = get_relname_relid("tick_reserve", nspid);
	Relation	rel;

	if (!OidIsValid(seqid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("sequence \"%s.tick_reserve\" does not exist",
						TEMPORAL_SCHEMA),
				 errhint("Drop and create extension \"%s\" again.",
						 TEMPORAL_EXTENSION)));
	rel = relation_open(seqid, lockmode);
	relation_close(rel, NoLock);
	return seqid;
}

/*
 * Reads or writes the sequence with the rights of its owner: what a session's
 * user may do with the sequence has nothing to do with the time.
 */
static TimestampTz
tick_reserve_access(Oid seqid, TimestampTz set_to)
{
	Oid			save_userid;
	int			save_sec_context;
	TimestampTz value = set_to;

	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID,
						   save_sec_context | SECURITY_LOCAL_USERID_CHANGE);
	if (set_to == 0)
	{
		Datum		last = DirectFunctionCall1(pg_sequence_last_value,
											   ObjectIdGetDatum(seqid));

		value = DatumGetInt64(last);
	}
	else
		(void) DirectFunctionCall2(setval_oid, ObjectIdGetDatum(seqid),
								   Int64GetDatum(set_to));
	SetUserIdAndSecContext(save_userid, save_sec_context);
	return value;
}

/*
 * Learns this database's reserve from before the server started, once a
 * session, and raises the clock to it if no session has done so.
 */
static void
tick_reserve_merge(void)
{
	Oid			seqid;
	TimestampTz stored;

	if (session_merged)
		return;

	seqid = tick_reserve_lock_sequence(AccessShareLock);
	LWLockAcquire(tick_reserve->lock, LW_EXCLUSIVE);
	for (int i = 0; i < tick_reserve->ndatabases; i++)
	{
		if (tick_reserve->databases[i].database == MyDatabaseId)
		{
			session_start = tick_reserve->databases[i].start;
			session_merged = true;
		}
	}
	if (!session_merged)
	{
		stored = tick_reserve_access(seqid, 0);
		tick_clock_raise(stored);
		if (tick_reserve->ndatabases < TICK_RESERVE_DATABASES)
		{
			TickReserveDatabase *db;

			db = &tick_reserve->databases[tick_reserve->ndatabases++];
			db->database = MyDatabaseId;
			db->start = stored;
		}
		session_start = stored;
		session_merged = true;
	}
	LWLockRelease(tick_reserve->lock);
}

/*
 * Makes the stored reserve cover the tick.
 */
static void
tick_reserve_extend(TimestampTz tick)
{
	Oid			seqid = tick_reserve_lock_sequence(RowExclusiveLock);
	TimestampTz stored;

	LWLockAcquire(tick_reserve->lock, LW_EXCLUSIVE);
	stored = tick_reserve_access(seqid, 0);
	if (stored <= tick)
	{
		stored = tick + TICK_RESERVE_STEP;
		(void) tick_reserve_access(seqid, stored);
		if (stored > tick_reserve->server)
		{
			tick_reserve->server = stored;
			tick_file_write(stored);
		}
	}
	LWLockRelease(tick_reserve->lock);
	session_reserve = stored;
}

TimestampTz
tick_reserve_next(void)
{
	TimestampTz tick;

	settings_require_preload();
	tick_reserve_merge();
	tick = tick_clock_next();
	if (tick >= session_reserve)
		tick_reserve_extend(tick);
	return tick;
}

TimestampTz
tick_reserve_start(void)
{
	tick_reserve_merge();
	return session_start;
}
