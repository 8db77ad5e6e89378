/*-------------------------------------------------------------------------
 *
 * retention_run.c
 *	  Removing what a retention policy lets go
 *
 * A RUN
 *		finds out what the policy means now (retention_rules.c), looks for the
 *		first version that is to go, says in the catalog how far back the
 *		history will reach, and then removes versions: first those in segments,
 *		then those in the heap.  Looking takes as many transactions as removing
 *		would, and is over at once where there is something.  What it finds is kept
 *		in memory from one batch to the next, each of which is a transaction;
 *		should the policy change meanwhile, or one fail, a new run begins.
 *
 * THE HORIZON COMES FIRST
 *		and commits before anything is removed: who queries AS OF an earlier
 *		time afterwards is told that it is too early, instead of being shown a
 *		part, also where the plan was made before (query_time.c).
 *
 * LOCKS
 *		ROW EXCLUSIVE on the history and its segments; on the segments SHARE
 *		UPDATE EXCLUSIVE besides, which excludes those who build them and
 *		nobody else; and a lock on the idea of this table's retention, which
 *		no relation has, against another run and whoever creates a snapshot.
 *		No writer waits for any of these.
 *
 * RIGHTS
 *		The condition, and operators of the key, may be functions of users.  They
 *		run with the rights of the table's owner, as those of an index do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/audit_queue.h"
#include "catalog/audit_table.h"
#include "catalog/versioned_cache.h"
#include "history/history_reach.h"
#include "maintenance/retention_archive.h"
#include "maintenance/retention_rules.h"
#include "maintenance/retention_run.h"

/*
 * A batch that is archived is a file, which is flushed and read back: it has
 * so many times the time of another, or files would be many and small.
 */
#define RETENTION_ARCHIVE_TIMES	20

/*
 * Looking for what is to go changes nothing and is in nobody's way.  It has at
 * least so many milliseconds, or short batches would spend theirs on beginning
 * and ending.
 */
#define RETENTION_LOOK_LEAST	50

/* Where a run is */
typedef enum RetentionPhase
{
	RETENTION_SEGMENTS,
	RETENTION_HEAP,
	RETENTION_DONE
} RetentionPhase;

typedef struct RetentionRun
{
	MemoryContext context;		/* of all this */
	Oid			history;
	RetentionLimits limits;
	bool		found;			/* something that is to go */
	RetentionPhase phase;
	PruneList	list;			/* segments to look at */
	BlockNumber next;			/* page of the heap to look at */
	SubTransactionId step;		/* whose step is, or was, the last */
} RetentionRun;

/* Whose rights were changed for the owner's */
typedef struct RetentionUser
{
	Oid			user;
	int			context;
} RetentionUser;

/* The run that this process is in the middle of, or NULL */
static RetentionRun *retention_current = NULL;
static bool retention_watches = false;	/* transactions that fail */

static RetentionRun *
retention_run_create(const VersionedTable *table,
					 const RetentionPolicy *policy, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal retention run",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	RetentionRun *run = palloc0(sizeof(RetentionRun));

	run->context = context;
	run->history = table->history;
	retention_limits_find(table, policy, &run->limits);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, parent);
	return run;
}

static void
retention_run_end(RetentionRun *run)
{
	if (run == retention_current)
		retention_current = NULL;
	MemoryContextDelete(run->context);
}

/*
 * What a transaction that failed had done of a run, is not done; nor what the
 * subtransaction had, in which a step is taken.
 */
static void
retention_end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT && retention_current != NULL)
		retention_run_end(retention_current);
}

static void
retention_end_subtransaction(SubXactEvent event, SubTransactionId own,
							 SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && retention_current != NULL &&
		retention_current->step == own)
		retention_run_end(retention_current);
}

static void
retention_become_owner(const VersionedTable *table, RetentionUser *user)
{
	Relation	rel = table_open(table->relation, AccessShareLock);
	Oid			owner = rel->rd_rel->relowner;

	table_close(rel, NoLock);
	GetUserIdAndSecContext(&user->user, &user->context);
	SetUserIdAndSecContext(owner,
						   user->context | SECURITY_RESTRICTED_OPERATION);
}

static void
retention_become_user(const RetentionUser *user)
{
	SetUserIdAndSecContext(user->user, user->context);
}

static void
retention_work_begin(PruneWork *work, const RetentionRun *run,
					 const VersionedTable *table)
{
	memset(work, 0, sizeof(*work));
	work->history = table_open(table->history, RowExclusiveLock);
	work->start_attno = get_attnum(table->history,
								   NameStr(table->start_column));
	work->end_attno = get_attnum(table->history,
								 NameStr(table->end_column));
	work->rule = retention_rule_create(&run->limits, work->history);
	work->level = table->compression_level;
	work->next = run->next;
	prune_result_init(&work->result);
}

/*
 * The commit takes its part of the time, too.
 */
static void
retention_limit_time(PruneWork *work, int budget_ms)
{
	INSTR_TIME_SET_CURRENT(work->begun);
	work->budget_us = Max(budget_ms, 1) * INT64CONST(800);
}

static void
retention_go_through_segments(RetentionRun *run, PruneWork *work)
{
	SegmentTable table;
	Relation	segments;
	MemoryContext old;

	if (!segment_table_get(run->history, &table))
	{
		run->phase = RETENTION_HEAP;
		return;
	}
	segments = table_open(table.segments, work->dry ? AccessShareLock :
						  ShareUpdateExclusiveLock);
	if (run->list.tids == NULL)
	{
		old = MemoryContextSwitchTo(run->context);
		history_prune_find(work, &table, segments, &run->list);
		MemoryContextSwitchTo(old);
	}
	if (history_prune_segments(work, &table, segments, &run->list))
		run->phase = RETENTION_HEAP;
	table_close(segments, NoLock);
}

/*
 * Goes on with the run until it is done, or its time is over.
 */
static void
retention_go_on(RetentionRun *run, PruneWork *work)
{
	if (run->phase == RETENTION_SEGMENTS)
		retention_go_through_segments(run, work);
	if (run->phase == RETENTION_HEAP && !prune_is_done(work) &&
		history_prune_heap(work))
		run->phase = RETENTION_DONE;
	run->next = work->next;
}

/*
 * Goes on looking for anything that would go.  If it is found, the run is at
 * its beginning again; if there is nothing, it is done.  Between two looks
 * somebody may have created a snapshot of before the horizon, which nobody
 * knows yet.
 */
static void
retention_look(RetentionRun *run, const VersionedTable *table, int budget_ms)
{
	PruneWork	work;
	MemoryContext old;

	retention_work_begin(&work, run, table);
	work.dry = work.first_only = work.lazy = true;
	retention_limit_time(&work, Max(budget_ms, RETENTION_LOOK_LEAST));
	retention_go_on(run, &work);
	table_close(work.history, NoLock);
	run->found = work.result.versions > 0;
	if (!run->found)
		return;

	old = MemoryContextSwitchTo(run->context);
	retention_limits_pin(&run->limits);
	MemoryContextSwitchTo(old);

	/* pages of the heap before it need no other look */
	run->phase = RETENTION_SEGMENTS;
	run->list.next = 0;
}

/*
 * Says in the catalog how far back the history reaches.
 */
static void
retention_record_horizon(const VersionedTable *table, TimestampTz horizon)
{
	VersionedTable now;

	if (!versioned_table_find(table->relation, &now))
		elog(ERROR, "no row in versioned_table for relation %u",
			 table->relation);
	if (now.history_start >= horizon)
		return;
	history_reach_note_horizon(table->history, horizon);
	now.history_start = horizon;
	versioned_table_update(&now);
}

static void
retention_audit(const VersionedTable *table, const RetentionRun *run,
				const PruneResult *result)
{
	AuditEntry	entry = {
		.action = "retain",
		.relation = table->relation,
		.versions = result->versions,
		.first = result->first,
		.last = result->last,
		.reason = retention_reason(&run->limits),
	};

	if (result->versions > 0)
		audit_append(&entry);
}

/*
 * Has what the work removes archived, if the policy wants that; NULL if not.
 */
static RetentionArchive *
retention_archive_work(const VersionedTable *table,
					   const RetentionPolicy *policy, PruneWork *work)
{
	RetentionArchive *archive;

	if (!policy->archive)
		return NULL;
	archive = retention_archive_begin(table, policy);
	work->rule = retention_archive_rule(archive, work->rule, work->history);
	work->lazy = false;
	return archive;
}

bool
retention_wanted(const VersionedTable *table)
{
	const VersionedRelation *versioned;
	RetentionPolicy policy;

	if (!OidIsValid(table->history) ||
		!retention_policy_find(table->relation, &policy) ||
		!retention_policy_limits(&policy))
		return false;

	/*
	 * While a dump is being restored, snapshots may not be there yet that keep
	 * versions from going.  Triggers are, last of all.
	 */
	versioned = versioned_cache_get(table->relation);
	return versioned != NULL && OidIsValid(versioned->history);
}

int64
retention_interval(const VersionedTable *table)
{
	RetentionPolicy policy;
	const Interval *every = &policy.schedule;

	(void) retention_policy_find(table->relation, &policy);
	return every->time / 1000 + every->day * (USECS_PER_DAY / 1000) +
		every->month * (DAYS_PER_MONTH * (USECS_PER_DAY / 1000));
}

static void
retention_step_begin(const VersionedTable *table,
					 const RetentionPolicy *policy)
{
	if (!retention_watches)
	{
		RegisterXactCallback(retention_end_transaction, NULL);
		RegisterSubXactCallback(retention_end_subtransaction, NULL);
	}
	retention_watches = true;
	retention_current = retention_run_create(table, policy, TopMemoryContext);
	if (TIMESTAMP_IS_NOBEGIN(retention_current->limits.rule.before))
		retention_current->phase = RETENTION_DONE;
}

/*
 * A batch of the run that this process is in.
 */
static void
retention_step_go_on(const VersionedTable *table, int budget_ms,
					 PruneResult *result)
{
	PruneWork	work;
	RetentionArchive *archive;

	retention_work_begin(&work, retention_current, table);
	work.lazy = true;
	archive = retention_archive_work(table, &retention_current->limits.policy,
									 &work);

	retention_limit_time(&work, budget_ms);
	if (archive != NULL)
		work.budget_us *= RETENTION_ARCHIVE_TIMES;
	retention_go_on(retention_current, &work);
	if (archive != NULL)
		(void) retention_archive_finish(archive, work.result.versions);
	*result = work.result;
	table_close(work.history, NoLock);
}

void
retention_step(const VersionedTable *table, int budget_ms,
			   JobOutcome *outcome)
{
	RetentionPolicy policy;
	RetentionUser user;
	PruneResult result;

	audit_queue_write();
	if (!retention_policy_find(table->relation, &policy) ||
		!retention_policy_limits(&policy))
		return;
	retention_policy_lock(table->relation, ExclusiveLock);
	retention_become_owner(table, &user);
	if (retention_current != NULL &&
		(retention_current->history != table->history ||
		 !retention_policy_same(&retention_current->limits.policy, &policy)))
		retention_run_end(retention_current);
	if (retention_current == NULL)
		retention_step_begin(table, &policy);
	retention_current->step = GetCurrentSubTransactionId();
	if (!retention_current->found)
	{
		retention_look(retention_current, table, budget_ms);
		retention_become_user(&user);
		if (retention_current->found)
			retention_record_horizon(table,
									 retention_current->limits.horizon);
	}
	else
	{
		retention_step_go_on(table, budget_ms, &result);
		retention_become_user(&user);
		retention_audit(table, retention_current, &result);
		outcome->versions = result.versions;
		outcome->bytes = result.bytes;
	}
	outcome->more = retention_current->phase != RETENTION_DONE;
	if (!outcome->more)
		retention_run_end(retention_current);
	CommandCounterIncrement();
}

TimestampTz
retention_run_whole(const VersionedTable *table, bool dry,
					PruneResult *result, int64 *archived)
{
	RetentionPolicy policy;
	RetentionUser user;
	RetentionRun *run;
	PruneWork	work;
	RetentionArchive *archive = NULL;
	TimestampTz horizon = table->history_start;

	prune_result_init(result);
	*archived = 0;
	if (!retention_policy_find(table->relation, &policy) ||
		!retention_policy_limits(&policy))
		return horizon;
	if (!dry)
		retention_policy_lock(table->relation, ExclusiveLock);
	retention_become_owner(table, &user);
	run = retention_run_create(table, &policy, CurrentMemoryContext);
	if (!TIMESTAMP_IS_NOBEGIN(run->limits.rule.before))
	{
		retention_work_begin(&work, run, table);
		work.dry = dry;
		if (!dry)
			archive = retention_archive_work(table, &policy, &work);
		retention_go_on(run, &work);
		if (archive != NULL)
			*archived = retention_archive_finish(archive,
												 work.result.versions);
		table_close(work.history, NoLock);
		*result = work.result;
	}
	retention_become_user(&user);
	if (result->versions > 0)
		horizon = Max(horizon, run->limits.horizon);
	if (result->versions > 0 && !dry)
	{
		retention_record_horizon(table, horizon);
		retention_audit(table, run, result);
		CommandCounterIncrement();
	}
	retention_run_end(run);
	return horizon;
}
