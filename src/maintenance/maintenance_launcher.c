/*-------------------------------------------------------------------------
 *
 * maintenance_launcher.c
 *	  The process that sends workers to databases
 *
 * It starts with the server, on a standby when that is promoted, and is in no
 * database itself: it reads pg_database, which all share.  Whether a database
 * has the extension only a look inside tells.  So each gets a worker once;
 * those with the extension again every temporal.naptime, those without twice
 * as late each time, up to an hour, unless CREATE EXTENSION is announced.
 *
 * It keeps nothing that it could not find out again.  An error therefore ends
 * it, as pg_terminate_backend() does, and the postmaster starts it anew after
 * LAUNCHER_RESTART seconds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/settings.h"
#include "maintenance/maintenance.h"
#include "maintenance/maintenance_board.h"

#define LAUNCHER_RESTART	5	/* seconds */
#define LAUNCHER_LIBRARY	"temporal"

/* A database without the extension is looked at this often (microseconds) */
#define LOOK_RARELY			(60 * 60 * INT64CONST(1000000))

/* Nothing to wait for: until the latch is set, or a new database appeared */
#define SLEEP_MOST			(60 * 1000L)

/* What is known of a database */
typedef struct LauncherDatabase
{
	Oid			oid;
	bool		seen;			/* in the last scan */
	TimestampTz due;
	int			delay;			/* looks that found nothing, or failed */

	/* Its worker */
	int			place;			/* -1: none */
	BackgroundWorkerHandle *handle;
	TimestampTz started;
} LauncherDatabase;

static List *databases = NIL;	/* of LauncherDatabase */
static bool no_room = false;	/* the log knows that there is none */

extern PGDLLEXPORT void temporal_launcher_main(Datum arg);

void
maintenance_launcher_init(void)
{
	BackgroundWorker worker;

	if (IsBinaryUpgrade)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = LAUNCHER_RESTART;
	strlcpy(worker.bgw_library_name, LAUNCHER_LIBRARY,
			sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "temporal_launcher_main",
			sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "temporal launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "temporal launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

static LauncherDatabase *
launcher_find(Oid oid)
{
	ListCell   *lc;

	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);

		if (database->oid == oid)
			return database;
	}
	return NULL;
}

/*
 * Remembers that there is such a database.
 */
static void
launcher_see(Oid oid)
{
	LauncherDatabase *database = launcher_find(oid);

	if (database == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		database = palloc0(sizeof(LauncherDatabase));
		database->oid = oid;
		database->place = -1;
		databases = lappend(databases, database);
		MemoryContextSwitchTo(old);
	}
	database->seen = true;
}

/*
 * Reads pg_database.  What cannot be connected to, or was only half dropped
 * (connection limit -2), is not there.
 */
static void
launcher_scan(void)
{
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	foreach(lc, databases)
		((LauncherDatabase *) lfirst(lc))->seen = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);

		if (form->datallowconn && form->datconnlimit != -2)
			launcher_see(form->oid);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();

	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);

		if (database->seen || database->place >= 0)
			continue;
		databases = foreach_delete_current(databases, lc);
		pfree(database);
	}
}

/*
 * When a database is looked at again.
 */
static TimestampTz
launcher_next_look(const LauncherDatabase *database)
{
	int64		wait = temporal_naptime * USECS_PER_SEC;

	for (int i = 0; i < database->delay && wait < LOOK_RARELY; i++)
		wait *= 2;
	return database->started + wait;
}

/*
 * Sees which workers have ended; returns how many have not.
 */
static int
launcher_reap(void)
{
	int			running = 0;
	ListCell   *lc;

	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);
		pid_t		pid;

		if (database->place < 0)
			continue;
		if (GetBackgroundWorkerPid(database->handle, &pid) != BGWH_STOPPED)
		{
			running++;
			continue;
		}
		if (board_free(database->place) == LOOK_DONE)
			database->delay = 0;
		else
			database->delay++;
		database->place = -1;
		database->due = launcher_next_look(database);
		pfree(database->handle);
	}
	return running;
}

/*
 * Sends a worker to a database; false if the server has no room for one.
 */
static bool
launcher_start(LauncherDatabase *database)
{
	MemoryContext old;
	BackgroundWorker worker;
	int			place = board_reserve(database->oid);
	bool		registered;

	database->started = GetCurrentTimestamp();
	database->due = database->started + USECS_PER_SEC;
	if (place < 0)
		return true;			/* not now */

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, LAUNCHER_LIBRARY,
			sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "temporal_worker_main",
			sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, BGW_MAXLEN, "temporal worker for database %u",
			 database->oid);
	strlcpy(worker.bgw_type, "temporal worker", BGW_MAXLEN);
	worker.bgw_main_arg = Int32GetDatum(place);
	worker.bgw_notify_pid = MyProcPid;

	old = MemoryContextSwitchTo(TopMemoryContext);
	registered = RegisterDynamicBackgroundWorker(&worker, &database->handle);
	MemoryContextSwitchTo(old);
	if (registered)
		database->place = place;
	else
		(void) board_free(place);
	if (!registered && !no_room)
		ereport(LOG,
				(errmsg("temporal: there is no room for a maintenance worker"),
				 errhint("Consider increasing max_worker_processes.")));
	no_room = !registered;
	return registered;
}

/*
 * The database that has waited longest; NULL if none is due.
 */
static LauncherDatabase *
launcher_most_due(TimestampTz now)
{
	LauncherDatabase *found = NULL;
	ListCell   *lc;

	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);

		if (database->place < 0 && database->due <= now &&
			(found == NULL || database->due < found->due))
			found = database;
	}
	return found;
}

/*
 * Sends workers to databases that are due, as many as there may be; returns
 * how many there are.
 */
static int
launcher_send(int running)
{
	while (running < temporal_max_workers)
	{
		LauncherDatabase *database =
			launcher_most_due(GetCurrentTimestamp());

		if (database == NULL || !launcher_start(database))
			break;
		running++;
	}
	return running;
}

static void
launcher_hear_news(void)
{
	Oid			news[BOARD_NEWS];
	int			n;
	bool		any = board_take_news(news, &n, BOARD_NEWS);
	ListCell   *lc;

	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);

		for (int i = 0; i < n; i++)
		{
			if (news[i] == database->oid)
				database->due = database->delay = 0;
		}
		if (any)
			database->due = database->delay = 0;
	}
}

/*
 * Settings have changed, perhaps temporal.naptime.
 */
static void
launcher_reload(void)
{
	ListCell   *lc;

	ProcessConfigFile(PGC_SIGHUP);
	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);

		if (database->place < 0)
			database->due = launcher_next_look(database);
	}
}

/*
 * Milliseconds until the next database is due
 */
static long
launcher_sleep_time(int running)
{
	TimestampTz now = GetCurrentTimestamp();
	long		most = Min(temporal_naptime * 1000L, SLEEP_MOST);
	ListCell   *lc;

	/* the end of a worker is heard */
	if (running >= temporal_max_workers)
		return most;
	foreach(lc, databases)
	{
		LauncherDatabase *database = lfirst(lc);

		if (database->place < 0)
			most = Min(most,
					   Max(TimestampDifferenceMilliseconds(now,
														   database->due),
						   100));
	}
	return most;
}

void
temporal_launcher_main(Datum arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	SetConfigOption("lock_timeout", "10s", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("statement_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
	board_attach_launcher();
	pgstat_report_activity(STATE_IDLE, NULL);

	for (;;)
	{
		int			running;	/* workers */

		CHECK_FOR_INTERRUPTS();
		if (ShutdownRequestPending)
			proc_exit(1);		/* and the postmaster starts another */
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			launcher_reload();
		}

		running = launcher_reap();
		launcher_scan();
		launcher_hear_news();
		running = launcher_send(running);

		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 launcher_sleep_time(running), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}
