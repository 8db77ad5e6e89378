/*-------------------------------------------------------------------------
 *
 * history_reach.c
 *	  How far towards the present each history reaches
 *
 * AS OF a time after the last change needs no historical row.  Which time
 * that is, shared memory knows: for each history relation, the latest end
 * written since the server started.  One that has no entry was not written
 * since, and all its ends are below the tick reserve of its database as the
 * server found it (tick_reserve.c).
 *
 * A plan asks with temporal.history_reaches() in a one-time filter above the
 * scan of the history, so that nothing of it is read when the answer is no.
 *
 * WHY IT IS EXACT ENOUGH
 *		Writers advance the reach before they write, hence before they commit;
 *		a reader asks after it took its snapshot.  What the snapshot can see
 *		was committed before, so its end is covered.
 *
 * WHERE IT DOES NOT HELP
 *		On a standby, which sees the changes but not the calls: the answer is
 *		always yes there.
 *
 * THE BOUNDARY
 *		Beside its reach a history has the latest boundary: the newest tick at
 *		which a write ended a version there, noted before the row was touched.
 *		A transaction that took its system time earlier, and now inserts a key
 *		that another has just deleted, must not start its row before that
 *		version ended.  It cannot know which keys were deleted, so it starts
 *		after all of them.
 *
 * THE HORIZON
 *		At the other end, where retention removes: up to which time versions
 *		may have gone since the server started.  It is raised before any is
 *		removed, so that a query that misses one finds it raised, whatever it
 *		was planned to believe; what is true then, the catalog says.  It stays
 *		raised if the removal is rolled back.
 *
 * THE LAST CHANGE OF SEGMENTS
 *		is here, too: the number of the transaction that makes it, or one from
 *		before the entry was made.  history_directory.c says what for.
 *
 * LOCKING
 *		HistoryReach.lock: shared to find an entry and to move its reach, which
 *		is atomic; exclusive to add one.  Entries are not removed: one of a
 *		dropped relation is harmless, and a table that ran full puts the reach
 *		of those that found no place into HistoryReach.others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "history/history_reach.h"
#include "time/tick_reserve.h"

#define HISTORY_REACH_ENTRIES	4096
#define HISTORY_REACH_TRANCHE	"temporal_history_reach"

typedef struct HistoryReachKey
{
	Oid			database;
	Oid			history;
} HistoryReachKey;

typedef struct HistoryReachEntry
{
	HistoryReachKey key;
	pg_atomic_uint64 reach;		/* latest end, as a tick */
	pg_atomic_uint64 boundary;	/* latest tick of a write; 0: none yet */
	pg_atomic_uint64 horizon;	/* before it, versions may have gone */
	pg_atomic_uint64 segments;	/* last transaction that changed them */
} HistoryReachEntry;

typedef struct HistoryReach
{
	LWLock	   *lock;
	pg_atomic_uint64 others;	/* latest end of all that have no entry */
	pg_atomic_uint64 others_boundary;
	pg_atomic_uint64 horizon;	/* the latest of all */
} HistoryReach;

static HistoryReach *history_reach = NULL;
static HTAB *history_reach_hash = NULL;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

PG_FUNCTION_INFO_V1(temporal_history_reaches);

static void
history_reach_shmem_request(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(HistoryReach)) +
						   hash_estimate_size(HISTORY_REACH_ENTRIES,
											  sizeof(HistoryReachEntry)));
	RequestNamedLWLockTranche(HISTORY_REACH_TRANCHE, 1);
}

static void
history_reach_shmem_startup(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(HistoryReachKey),
		.entrysize = sizeof(HistoryReachEntry),
	};
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	history_reach = ShmemInitStruct("temporal history reach",
									sizeof(HistoryReach), &found);
	if (!found)
	{
		history_reach->lock =
			&(GetNamedLWLockTranche(HISTORY_REACH_TRANCHE))->lock;
		pg_atomic_init_u64(&history_reach->others, 0);
		pg_atomic_init_u64(&history_reach->others_boundary, 0);
		pg_atomic_init_u64(&history_reach->horizon, 0);
	}
	history_reach_hash = ShmemInitHash("temporal history reach entries",
									   HISTORY_REACH_ENTRIES,
									   HISTORY_REACH_ENTRIES,
									   &ctl, HASH_ELEM | HASH_BLOBS);
	LWLockRelease(AddinShmemInitLock);
}

void
history_reach_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = history_reach_shmem_request;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = history_reach_shmem_startup;
}

static void
history_reach_raise(pg_atomic_uint64 *reach, TimestampTz end)
{
	uint64		old = pg_atomic_read_u64(reach);

	while (end > 0 && old < (uint64) end)
	{
		if (pg_atomic_compare_exchange_u64(reach, &old, (uint64) end))
			break;
	}
}

/*
 * The entry of a history, made if need be; NULL if there is no room.
 */
static HistoryReachEntry *
history_reach_entry(Oid history)
{
	static Oid	last_history = InvalidOid;
	static HistoryReachEntry *last_entry = NULL;
	HistoryReachKey key = {MyDatabaseId, history};
	HistoryReachEntry *entry;
	TimestampTz start;
	FullTransactionId xid;
	bool		found = true;

	/* entries stay, and who asks for one will ask for the same again */
	if (history == last_history && last_entry != NULL)
		return last_entry;
	LWLockAcquire(history_reach->lock, LW_SHARED);
	entry = hash_search(history_reach_hash, &key, HASH_FIND, NULL);
	LWLockRelease(history_reach->lock);
	if (entry != NULL)
	{
		last_history = history;
		last_entry = entry;
		return entry;
	}

	/* what was written before the server started counts as well */
	start = tick_reserve_start();
	xid = ReadNextFullTransactionId();
	FullTransactionIdRetreat(&xid);
	LWLockAcquire(history_reach->lock, LW_EXCLUSIVE);
	if (hash_get_num_entries(history_reach_hash) < HISTORY_REACH_ENTRIES)
		entry = hash_search(history_reach_hash, &key, HASH_ENTER_NULL, &found);
	else
		entry = hash_search(history_reach_hash, &key, HASH_FIND, NULL);
	if (entry != NULL && !found)
	{
		pg_atomic_init_u64(&entry->reach, (uint64) Max(start, 0));
		pg_atomic_init_u64(&entry->boundary, 0);
		pg_atomic_init_u64(&entry->horizon, 0);
		pg_atomic_init_u64(&entry->segments,
						   U64FromFullTransactionId(xid));
	}
	LWLockRelease(history_reach->lock);
	return entry;
}

void
history_reach_advance(Oid history, TimestampTz end)
{
	HistoryReachEntry *entry = history_reach_entry(history);

	history_reach_raise(entry ? &entry->reach : &history_reach->others, end);
}

void
history_reach_note_boundary(Oid history, TimestampTz tick)
{
	static Oid	last_history = InvalidOid;
	static TimestampTz last_tick = 0;
	HistoryReachEntry *entry;

	/* nearly always a transaction ends many versions at the same tick */
	if (history == last_history && tick <= last_tick)
		return;
	entry = history_reach_entry(history);
	history_reach_raise(entry ? &entry->boundary :
						&history_reach->others_boundary, tick);
	last_history = history;
	last_tick = tick;
}

HistoryBoundary
history_reach_boundary(Oid history)
{
	HistoryReachEntry *entry = history_reach_entry(history);

	return entry ? &entry->boundary : &history_reach->others_boundary;
}

void
history_reach_change_segments(Oid history)
{
	HistoryReachEntry *entry;

	if (!temporal_preloaded)
		return;
	entry = history_reach_entry(history);
	if (entry != NULL)
		pg_atomic_write_u64(&entry->segments,
							U64FromFullTransactionId(GetTopFullTransactionId()));
}

uint64
history_reach_segments(Oid history)
{
	HistoryReachEntry *entry;

	if (!temporal_preloaded || RecoveryInProgress())
		return 0;
	entry = history_reach_entry(history);
	return entry != NULL ? pg_atomic_read_u64(&entry->segments) : 0;
}

bool
history_reach_covers(Oid history, TimestampTz t)
{
	HistoryReachKey key = {MyDatabaseId, history};
	HistoryReachEntry *entry;
	uint64		reach;

	if (!temporal_preloaded || RecoveryInProgress())
		return true;

	LWLockAcquire(history_reach->lock, LW_SHARED);
	entry = hash_search(history_reach_hash, &key, HASH_FIND, NULL);
	reach = pg_atomic_read_u64(entry ? &entry->reach : &history_reach->others);
	LWLockRelease(history_reach->lock);
	if (entry == NULL)
		reach = Max(reach, (uint64) Max(tick_reserve_start(), 0));

	return t < 0 || (uint64) t < reach;
}

void
history_reach_note_horizon(Oid history, TimestampTz horizon)
{
	HistoryReachEntry *entry = history_reach_entry(history);

	if (entry != NULL)
		history_reach_raise(&entry->horizon, horizon);
	history_reach_raise(&history_reach->horizon, horizon);
}

bool
history_reach_may_lack(Oid history, TimestampTz t)
{
	HistoryReachKey key = {MyDatabaseId, history};
	HistoryReachEntry *entry;
	bool		full;

	if (!temporal_preloaded || RecoveryInProgress())
		return true;
	if (t >= (TimestampTz) pg_atomic_read_u64(&history_reach->horizon))
		return false;

	LWLockAcquire(history_reach->lock, LW_SHARED);
	entry = hash_search(history_reach_hash, &key, HASH_FIND, NULL);
	full = hash_get_num_entries(history_reach_hash) >= HISTORY_REACH_ENTRIES;
	LWLockRelease(history_reach->lock);
	if (entry == NULL)
		return full;
	return t < (TimestampTz) pg_atomic_read_u64(&entry->horizon);
}

/*
 * temporal.history_reaches(history regclass, time timestamptz) RETURNS boolean
 */
Datum
temporal_history_reaches(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(history_reach_covers(PG_GETARG_OID(0),
										PG_GETARG_TIMESTAMPTZ(1)));
}
