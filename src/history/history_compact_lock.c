/*-------------------------------------------------------------------------
 *
 * history_compact_lock.c
 *	  Who is in the way of compaction: the moment of a history's first segments
 *
 * Whoever plans has a lock on the history, from before the plan to after the
 * execution.  So the transaction that makes the first segments takes an ACCESS
 * EXCLUSIVE lock before it commits: plans from before are done, later ones
 * know of segments.  The lock is held only for the commit, and others are not
 * made to wait in line behind us for longer than a moment while we wait for
 * it.  A standby replays the lock, and is right too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "catalog/segment_table.h"
#include "history/history_compact_lock.h"

/*
 * Tries to get the lock: so many without waiting in line, with so many
 * microseconds between them, then so many in line, each for so long.
 */
#define COMPACT_LOCK_TRIES		200
#define COMPACT_LOCK_SLEEP		5000
#define COMPACT_LOCK_QUEUES		20
#define COMPACT_LOCK_QUEUE		"200ms"

/*
 * Locks the history, and says whether it has segments: what is found is not
 * taken away by decompression then.  Of two that would make the first segments
 * the second waits, without a lock that the first would have to wait for.
 */
bool
history_compact_lock(Oid history, SegmentTable *segments)
{
	for (;;)
	{
		LOCKMODE	mode = segment_table_get(history, segments) ?
			RowExclusiveLock : ShareUpdateExclusiveLock;

		LockRelationOid(history, mode);
		if (segment_table_get(history, segments) == (mode == RowExclusiveLock))
			break;
		/* not what it was before we had the lock */
		UnlockRelationOid(history, mode);
	}
	LockRelationOid(history, RowExclusiveLock);
	return OidIsValid(segments->segments);
}

void
history_compact_refuse(Relation history)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not move versions of history \"%s\" because others are removing them",
					RelationGetRelationName(history)),
			 errhint("Try again.")));
}

void
history_compact_check_runs(Relation history, const List *runs,
						   Snapshot snapshot)
{
	List	   *visible = segment_run_list(RelationGetRelid(history), snapshot,
										   false);
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, runs)
	{
		bool		found = false;

		foreach(lc2, visible)
			found = found || ((const SegmentRun *) lfirst(lc2))->run ==
				((const SegmentRun *) lfirst(lc))->run;
		if (!found)
			history_compact_refuse(history);
	}
	list_free_deep(visible);
}

/*
 * Waits in line for the lock, but not for long; false if it did not get it.
 */
static bool
compact_queue_for_lock(Relation history)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool locked = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		/* for this lock alone, not for the rest of the transaction */
		int			nestlevel = NewGUCNestLevel();

		(void) set_config_option("lock_timeout", COMPACT_LOCK_QUEUE,
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
		LockRelation(history, AccessExclusiveLock);
		AtEOXact_GUC(true, nestlevel);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		RollbackAndReleaseCurrentSubTransaction();
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			ReThrowError(error);
		FlushErrorState();
		FreeErrorData(error);
		locked = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return locked;
}

/*
 * Takes the lock that readers of the history conflict with.  As long as there
 * is hope it is taken when nobody has one, so that nobody waits for us; then by
 * standing in line for moments.
 */
void
history_compact_lock_first(Relation history)
{
	for (int try = 0; try < COMPACT_LOCK_TRIES; try++)
	{
		if (ConditionalLockRelation(history, AccessExclusiveLock))
			return;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(COMPACT_LOCK_SLEEP);
	}
	for (int try = 0; try < COMPACT_LOCK_QUEUES; try++)
	{
		if (compact_queue_for_lock(history))
			return;
		pg_usleep(COMPACT_LOCK_SLEEP);
	}
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("could not obtain lock on history \"%s\"",
					RelationGetRelationName(history)),
			 errdetail("The first segments of a history need a moment in which no other transaction uses it."),
			 errhint("Try again.")));
}
