/*-------------------------------------------------------------------------
 *
 * maintenance_worker.c
 *	  The process that looks after one database, and goes away again
 *
 * It runs what is due, the longest overdue first, and ends when a look finds
 * nothing more.  Settings of the database or of the server that are meant for
 * people's sessions do not apply to it.
 *
 * It leaves between two steps, or in the middle of one by SIGINT, when the
 * place on the board says so: somebody wants the database for himself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "maintenance/maintenance_board.h"
#include "maintenance/maintenance_run.h"

extern PGDLLEXPORT void temporal_worker_main(Datum arg);

/* What people's sessions may have otherwise, as far as this server knows it */
static const struct
{
	const char *name;
	const char *value;
}			worker_settings[] = {
	{"application_name", "temporal maintenance"},
	{"role", "none"},
	{"search_path", "pg_catalog, pg_temp"},
	{"statement_timeout", "0"},
	{"lock_timeout", "10s"},
	{"transaction_timeout", "0"},
	{"idle_in_transaction_session_timeout", "0"},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"session_replication_role", "origin"},
	{"temporal.as_of", ""},
	{"temporal.context", ""},
	{"temporal.allow_period_writes", "off"},
};

static void
worker_configure(void)
{
	for (int i = 0; i < lengthof(worker_settings); i++)
	{
		if (GetConfigOption(worker_settings[i].name, true /* missing_ok */ ,
							false) == NULL)
			continue;
		SetConfigOption(worker_settings[i].name, worker_settings[i].value,
						PGC_SUSET, PGC_S_OVERRIDE);
	}

	/* as autovacuum: nobody waits for a standby that is not there */
	if (synchronous_commit > SYNCHRONOUS_COMMIT_LOCAL_FLUSH)
		SetConfigOption("synchronous_commit", "local",
						PGC_SUSET, PGC_S_OVERRIDE);
}

static void
worker_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
}

static void
worker_commit(void)
{
	CommitTransactionCommand();
	(void) pgstat_report_stat(false);
	worker_begin();
}

static bool
worker_stop(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	return temporal_max_workers == 0 || board_must_leave();
}

static bool
worker_may_run(Oid relation)
{
	return true;
}

static const JobRunner worker_runner = {
	.worker = true,
	.commit = worker_commit,
	.stop = worker_stop,
	.may_run = worker_may_run,
};

/*
 * Runs what is due, each job once.  Is there more?
 */
static bool
worker_pass(MemoryContext context)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		more = false;
	List	   *jobs;
	ListCell   *lc;
	MemoryContext old;

	MemoryContextReset(context);
	old = MemoryContextSwitchTo(context);
	jobs = maintenance_list_jobs(&worker_runner);
	MemoryContextSwitchTo(old);
	foreach(lc, jobs)
	{
		const Job  *job = lfirst(lc);

		if (job->due > now || worker_stop())
			break;
		if (maintenance_run_job(&worker_runner, job) == JOB_MORE)
			more = true;
	}
	return more && !worker_stop();
}

static void
worker_work(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "temporal maintenance jobs",
												  ALLOCSET_DEFAULT_SIZES);

	worker_configure();
	if (board_must_leave())
		return;
	pgstat_report_activity(STATE_RUNNING,
						   "temporal maintenance: looking for jobs");
	worker_begin();
	if (!extension_is_created())
		board_report(LOOK_NO_EXTENSION);
	else if (!temporal_maintenance)
		board_report(LOOK_DONE);
	else
	{
		maintenance_tidy();
		worker_commit();
		while (worker_pass(context))
			;
		board_report(LOOK_DONE);
	}
	CommitTransactionCommand();
}

void
temporal_worker_main(Datum arg)
{
	Oid			database;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	database = board_enter(DatumGetInt32(arg));
	BackgroundWorkerUnblockSignals();
	if (!OidIsValid(database))
		proc_exit(0);

	PG_TRY();
	{
		BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
		worker_work();
	}
	PG_CATCH();
	{
		/* told to leave: no news for the log */
		if (geterrcode() != ERRCODE_QUERY_CANCELED || !board_must_leave())
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	proc_exit(0);
}
