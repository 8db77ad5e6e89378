/*-------------------------------------------------------------------------
 *
 * maintenance_run.c
 *	  Running jobs, step by step
 *
 * A RUN
 *		claim the job (job_progress.c), write "running", commit;
 *		a step, commit; a step, commit; ... until nothing is left;
 *		write how it ended, commit; release the job.
 *
 *		Whoever finds "running" where nobody has the job knows that a run was
 *		cut off: by a crash, or with its process.  That counts as a failure,
 *		so that a step that takes the server with it is not taken at once
 *		again, each time the server comes back.
 *
 * A STEP
 *		is taken in a subtransaction, as the owner of the table in a
 *		security-restricted operation, with a short lock_timeout.  The table is
 *		locked only if that can be had at once: whoever has it is about to
 *		change it.  A worker's step gives way to who wants to (job_progress.c).
 *
 * WHEN
 *		A job that left nothing is due again after its kind's interval, one
 *		whose time was up at once, one that failed after naptime, twice that,
 *		four times, up to an hour.  Who finds others in the way, by 55P03,
 *		40P01 or a cancelled statement, is postponed in the same way.
 *
 * THE LOG
 *		has a line for each run that did something, one when a job begins to
 *		fail and one when it works again; at DEBUG1 one for each step.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/job_progress.h"
#include "catalog/job_table.h"
#include "maintenance/maintenance_run.h"

/* A step waits this long for a lock: less than deadlock_timeout's default */
#define STEP_LOCK_TIMEOUT	"200ms"

/* A run is broken off after this long, to let other jobs have their turn */
#define RUN_MOST			(10 * INT64CONST(1000000))

/* The longest wait after failures */
#define BACKOFF_MOST		(60 * 60 * INT64CONST(1000000))

/* So many runs of each job are remembered */
#define RUNS_KEPT			200

/* and so many bytes of an error or a detail: rows without TOAST */
#define RUN_TEXT_MOST		500

typedef enum StepResult
{
	STEP_TAKEN,
	STEP_GONE,					/* there is no such job any more */
	STEP_BUSY,					/* others were in the way */
	STEP_FAILED
} StepResult;

/* A job that is being run */
typedef struct JobRun
{
	const JobRunner *runner;
	const Job  *job;
	const JobMethod *method;
	MemoryContext context;		/* lives as long as the run */
	MemoryContext step_context;
	char	   *name;			/* of the table, for people */

	/* How it stands */
	JobRow		row;
	JobState	state_before;
	JobRunRow	record;
	JobOutcome	outcome;		/* of the last step */
	int64		segments;		/* of all */
	int			error_code;		/* of record.error */
} JobRun;

static StepResult run_step(JobRun *run);
static void run_end(JobRun *run, StepResult result, bool more);

/*
 * How long a job waits after so many failures, in microseconds
 */
static int64
run_backoff(int failures)
{
	int64		wait = temporal_naptime * INT64CONST(1000000);

	while (--failures > 0 && wait < BACKOFF_MOST)
		wait *= 2;
	return Min(wait, Max(BACKOFF_MOST, temporal_naptime * INT64CONST(1000000)));
}

/*
 * When the job is to run.
 */
static TimestampTz
run_due(const JobMethod *method, const VersionedTable *table,
		const JobRow *row)
{
	TimestampTz due = row->next_run;

	/* the run was cut off, or is another's */
	if (row->state == JOB_RUNNING)
		return row->last_start + run_backoff(row->failures + 1);

	/* an option of the table may have changed since */
	if (row->state == JOB_IDLE && row->last_end != DT_NOBEGIN)
		due = Min(due, row->last_end + method->interval(table) * 1000);
	return due;
}

static bool
run_wanted(const JobMethod *method, const VersionedTable *table)
{
	return method->step != NULL && method->wanted(table);
}

static int
run_compare_due(const ListCell *a, const ListCell *b)
{
	const Job  *first = lfirst(a);
	const Job  *second = lfirst(b);

	if (first->due != second->due)
		return first->due < second->due ? -1 : 1;
	if (first->relation != second->relation)
		return first->relation < second->relation ? -1 : 1;
	return (int) first->kind - (int) second->kind;
}

List *
maintenance_list_jobs(const JobRunner *runner)
{
	List	   *jobs = NIL;
	ListCell   *lc;

	if (!job_table_exists())
		return NIL;
	foreach(lc, versioned_table_list())
	{
		Oid			relation = lfirst_oid(lc);
		VersionedTable table;

		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)) ||
			!runner->may_run(relation) ||
			!versioned_table_find(relation, &table))
			continue;
		for (int kind = 0; kind < JOB_KINDS; kind++)
		{
			const JobMethod *method = job_method(kind);
			JobRow		row;
			Job		   *job;

			if (!run_wanted(method, &table))
				continue;
			(void) job_table_get(relation, method->name, &row);
			job = palloc(sizeof(Job));
			job->relation = relation;
			job->kind = kind;
			job->due = run_due(method, &table, &row);
			jobs = lappend(jobs, job);
		}
	}
	list_sort(jobs, run_compare_due);
	return jobs;
}

void
maintenance_tidy(void)
{
	if (job_table_exists())
		job_table_keep_only(versioned_table_list());
}

/*
 * Shows what this process is about to do.
 */
static void
run_report_activity(const JobRun *run)
{
	char	   *text;

	job_progress_set_phase(run->method->doing);
	if (!run->runner->worker)
		return;					/* who called sees the CALL */
	text = psprintf("temporal maintenance: %s versions of %s",
					run->method->doing, run->name);
	pgstat_report_activity(STATE_RUNNING, text);
	pfree(text);
}

/*
 * Says that the job is running; false if it is gone.
 */
static bool
run_begin(JobRun *run)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	Oid			relation = run->job->relation;
	char	   *relname = get_rel_name(relation);
	bool		found = relname != NULL && job_table_exists();

	if (found)
	{
		run->name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
											   relname);
		(void) job_table_get(relation, run->method->name, &run->row);
		if (run->row.state == JOB_RUNNING)
			run->row.failures++;
		run->state_before = run->row.state;
		run->row.state = JOB_RUNNING;
		run->row.last_start = GetCurrentTimestamp();
		job_table_put(&run->row);

		run->record.relation = relation;
		run->record.kind = run->method->name;
		run->record.role = run->runner->worker ? InvalidOid : GetUserId();
		run->record.started = run->row.last_start;
	}
	MemoryContextSwitchTo(old);
	return found;
}

/*
 * Tells who wants to know how long steps are, from begin to commit.
 */
static void
run_log_step(const JobRun *run, TimestampTz started)
{
	ereport(DEBUG1,
			(errmsg_internal("temporal: step of %s versions of %s: %lld in %.3f ms",
							 run->method->doing, run->name,
							 (long long) run->outcome.versions,
							 (GetCurrentTimestamp() - started) / 1000.0),
			 errhidestmt(true), errhidecontext(true)));
}

static JobResult
run_steps(JobRun *run)
{
	TimestampTz started;
	TimestampTz until;
	StepResult	result;
	bool		more;

	if (!run_begin(run))
		return JOB_NOT_RUN;
	run->runner->commit();
	run_report_activity(run);
	until = run->record.started + RUN_MOST;
	do
	{
		started = GetCurrentTimestamp();
		memset(&run->outcome, 0, sizeof(run->outcome));
		result = run_step(run);
		run->runner->commit();
		run_log_step(run, started);
		if (result == STEP_TAKEN)
		{
			run->record.steps++;
			run->record.versions += run->outcome.versions;
			run->record.bytes += run->outcome.bytes;
			run->segments += run->outcome.segments;
			job_progress_end_step(run->outcome.versions);
		}
		more = result == STEP_TAKEN && run->outcome.more;
	} while (more && GetCurrentTimestamp() < until && !run->runner->stop());

	run_end(run, result, more);
	run->runner->commit();
	if (result == STEP_FAILED || result == STEP_BUSY)
		return JOB_ENDED_BADLY;
	return more ? JOB_MORE : JOB_DONE;
}

JobResult
maintenance_run_job(const JobRunner *runner, const Job *job)
{
	/* PortalContext's in a session, TopMemoryContext's in a worker */
	MemoryContext parent = PortalContext ? PortalContext : TopMemoryContext;
	JobRun	   *run;
	MemoryContext context;
	volatile JobResult result = JOB_NOT_RUN;

	if (!job_progress_claim(job->relation, job_method(job->kind)->name))
		return JOB_NOT_RUN;
	context = AllocSetContextCreate(parent, "temporal maintenance run",
									ALLOCSET_DEFAULT_SIZES);
	job_progress_set_modest(runner->worker);
	PG_TRY();
	{
		run = MemoryContextAllocZero(context, sizeof(JobRun));
		run->runner = runner;
		run->job = job;
		run->method = job_method(job->kind);
		run->context = context;
		run->step_context = AllocSetContextCreate(context,
												  "temporal maintenance step",
												  ALLOCSET_DEFAULT_SIZES);
		result = run_steps(run);
	}
	PG_FINALLY();
	{
		job_progress_release();
	}
	PG_END_TRY();
	MemoryContextDelete(context);
	return result;
}

/*
 * What the step is to do, and whose it is; false if it cannot be done.
 */
static StepResult
run_find_table(const JobRun *run, VersionedTable *table, Oid *owner)
{
	Oid			relation = run->job->relation;
	HeapTuple	tuple;

	if (!ConditionalLockRelationOid(relation, AccessShareLock))
		return STEP_BUSY;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return STEP_GONE;
	*owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (!run->runner->may_run(relation) ||
		!versioned_table_find(relation, table) ||
		!run_wanted(run->method, table))
		return STEP_GONE;
	return STEP_TAKEN;
}

static void
run_set_locally(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static StepResult
run_step_as_owner(JobRun *run)
{
	VersionedTable table;
	StepResult	result;
	Oid			owner;
	Oid			user;
	int			security;
	int			level;

	result = run_find_table(run, &table, &owner);
	if (result != STEP_TAKEN)
		return result;
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner, security | SECURITY_RESTRICTED_OPERATION);
	level = NewGUCNestLevel();
	run_set_locally("search_path", "pg_catalog, pg_temp");
	run_set_locally("lock_timeout", STEP_LOCK_TIMEOUT);
	PushActiveSnapshot(GetTransactionSnapshot());
	run->method->step(&table, temporal_retention_batch_time, &run->outcome);
	PopActiveSnapshot();
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(user, security);
	return STEP_TAKEN;
}

static char *
run_keep_text(const JobRun *run, const char *text)
{
	int			length = pg_mbcliplen(text, strlen(text), RUN_TEXT_MOST);
	char	   *kept = MemoryContextAlloc(run->context, length + 1);

	memcpy(kept, text, length);
	kept[length] = '\0';
	return kept;
}

/*
 * Keeps what is to be said of an error, which is over; re-throws what is not
 * the job's.
 */
static StepResult
run_catch(JobRun *run, ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && !run->runner->worker)
		ReThrowError(error);
	run->record.error = run_keep_text(run, error->message ? error->message :
									  "unknown error");
	run->error_code = error->sqlerrcode;
	switch (error->sqlerrcode)
	{
		case ERRCODE_LOCK_NOT_AVAILABLE:
		case ERRCODE_T_R_DEADLOCK_DETECTED:
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
		case ERRCODE_QUERY_CANCELED:
			return STEP_BUSY;
		default:
			return STEP_FAILED;
	}
}

/*
 * Takes a step.  Its error, if any, is over when it returns.
 */
static StepResult
run_step(JobRun *run)
{
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext old = CurrentMemoryContext;
	volatile StepResult result = STEP_FAILED;

	MemoryContextReset(run->step_context);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(run->step_context);
	PG_TRY();
	{
		result = run_step_as_owner(run);
		if (run->outcome.detail != NULL)
			run->record.detail = run_keep_text(run, run->outcome.detail);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = owner;
		result = run_catch(run, error);
	}
	PG_END_TRY();
	return result;
}

/*
 * Says in how many segments, if no step had words of its own.
 */
static void
run_describe(JobRun *run)
{
	if (run->record.detail == NULL && run->segments > 0)
		run->record.detail = psprintf("in %lld segment%s",
									  (long long) run->segments,
									  run->segments == 1 ? "" : "s");
}

static void
run_log_work(const JobRun *run)
{
	const JobRunRow *record = &run->record;
	char	   *freed;

	if (record->versions == 0)
		return;
	freed = text_to_cstring(DatumGetTextPP(DirectFunctionCall1(pg_size_pretty,
															   Int64GetDatum(record->bytes))));
	ereport(LOG,
			(errmsg("temporal: %s %lld versions of %s%s%s, %s freed, %.3f s",
					run->method->done, (long long) record->versions, run->name,
					record->detail ? " " : "",
					record->detail ? record->detail : "", freed,
					(record->ended - record->started) / 1000000.0),
			 errhidestmt(true), errhidecontext(true)));
}

/*
 * Tells the caller of each failure, the log when the state changes.
 */
static void
run_log_state(const JobRun *run)
{
	const JobRow *row = &run->row;

	if (row->state == JOB_FAILED || row->state == JOB_POSTPONED)
	{
		if (!run->runner->worker)
			ereport(WARNING,
					(errcode(run->error_code),
					 errmsg("%s versions of %s failed: %s",
							run->method->doing, run->name, row->last_error)));
		else if (row->state == JOB_FAILED && run->state_before != JOB_FAILED)
			ereport(LOG,
					(errcode(run->error_code),
					 errmsg("temporal: %s versions of %s failed: %s",
							run->method->doing, run->name, row->last_error),
					 errdetail("It will be tried again, and not be mentioned again until it works."),
					 errhint("temporal.job_runs has every failure.")));
	}
	else if (run->state_before == JOB_FAILED)
		ereport(LOG,
				(errmsg("temporal: %s versions of %s works again",
						run->method->doing, run->name),
				 errhidestmt(true), errhidecontext(true)));
}

/*
 * Records how the run ended.
 */
static void
run_end(JobRun *run, StepResult result, bool more)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	JobRow	   *row = &run->row;
	VersionedTable table;

	run_describe(run);
	run->record.ended = GetCurrentTimestamp();
	row->last_end = row->next_run = run->record.ended;
	row->last_error = run->record.error;
	if (result == STEP_BUSY && row->last_error == NULL)
	{
		row->last_error = "the table is locked by another transaction";
		run->error_code = ERRCODE_LOCK_NOT_AVAILABLE;
	}
	if (result == STEP_TAKEN || result == STEP_GONE)
	{
		row->state = JOB_IDLE;
		row->failures = 0;
		if (result == STEP_TAKEN && !more &&
			versioned_table_find(row->relation, &table))
			row->next_run += run->method->interval(&table) * 1000;
	}
	else
	{
		/* a failure is one until the job works again */
		row->state = result == STEP_FAILED || run->state_before == JOB_FAILED ?
			JOB_FAILED : JOB_POSTPONED;
		row->failures++;
		row->next_run += run_backoff(row->failures);
	}
	job_table_put(row);
	if (run->record.versions > 0 || run->record.error != NULL)
		job_run_insert(&run->record, RUNS_KEPT);
	run_log_work(run);
	run_log_state(run);
	MemoryContextSwitchTo(old);
}
