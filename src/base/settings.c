/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The extension's settings (GUCs), and whether it was preloaded
 *
 * Settings that decide how a statement is planned reset the plan cache when
 * they change, so that a plan made under one value never runs under another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/plancache.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "temporal.h"

bool		temporal_syntax = true;
bool		temporal_allow_period_writes = false;
bool		temporal_allow_truncated_history = false;
bool		temporal_log_queries = false;
int			temporal_as_of_mode = AS_OF_MODE_COMMIT;
bool		temporal_maintenance = true;
int			temporal_max_workers = 2;
int			temporal_naptime = 60;
char	   *temporal_archive_directories = NULL;
int			temporal_retention_batch_time = 100;
int			temporal_worker_share = 25;
bool		temporal_preloaded = false;

static char *temporal_context = NULL;
static bool context_is_refused = false; /* jsonb did not take it */

static const struct config_enum_entry as_of_mode_options[] = {
	{"commit", AS_OF_MODE_COMMIT, false},
	{"period", AS_OF_MODE_PERIOD, false},
	{NULL, 0, false}
};

/*
 * Forgets every cached plan of this session when the value really changes.
 */
static void
settings_assign_allow_period_writes(bool newval, void *extra)
{
	if (newval != temporal_allow_period_writes)
		ResetPlanCache();
}

static void
settings_assign_allow_truncated_history(bool newval, void *extra)
{
	if (newval != temporal_allow_truncated_history)
		ResetPlanCache();
}

static void
settings_assign_log_queries(bool newval, void *extra)
{
	if (newval != temporal_log_queries)
		ResetPlanCache();
}

static void
settings_assign_as_of_mode(int newval, void *extra)
{
	if (newval != temporal_as_of_mode)
		ResetPlanCache();
}

/*
 * The value becomes jsonb when a transaction commits, and should not fail then.
 */
static bool
settings_check_context(char **newval, void **extra, GucSource source)
{
	JsonLexContext *lex;

	if (*newval == NULL || (*newval)[0] == '\0')
		return true;
	lex = temporal_json_lexer(*newval, strlen(*newval));
	if (pg_parse_json(lex, &nullSemAction) != JSON_SUCCESS)
	{
		GUC_check_errcode(ERRCODE_INVALID_TEXT_REPRESENTATION);
		GUC_check_errdetail("The value must be JSON, or empty.");
		return false;
	}

	/* what JSON allows and jsonb does not; a file is read outside of all */
	if (IsTransactionState())
		(void) DirectFunctionCall1(jsonb_in, CStringGetDatum(*newval));
	return true;
}

/*
 * A list of absolute paths
 */
static bool
settings_check_archive_directories(char **newval, void **extra,
								   GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *directories;
	ListCell   *lc;
	bool		absolute = true;

	if (!SplitDirectoriesString(copy, ',', &directories))
	{
		GUC_check_errdetail("The value must be a list of directories, separated by commas.");
		return false;
	}
	foreach(lc, directories)
		absolute = absolute && is_absolute_path((char *) lfirst(lc));
	if (!absolute)
		GUC_check_errdetail("The directories must be absolute paths.");
	list_free_deep(directories);
	pfree(copy);
	return absolute;
}

static void
settings_assign_context(const char *newval, void *extra)
{
	context_is_refused = false;
}

static void
settings_define_maintenance(void)
{
	DefineCustomBoolVariable("temporal.maintenance",
							 "Lets maintenance workers look after a database.",
							 "For ALTER DATABASE ... SET.",
							 &temporal_maintenance,
							 true, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomIntVariable("temporal.max_workers",
							"Maintenance workers that run at a time.",
							"0 leaves maintenance to CALL temporal.run_maintenance().",
							&temporal_max_workers,
							2, 0, TEMPORAL_MAX_WORKERS, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("temporal.naptime",
							"Time between two looks of maintenance at a database.",
							NULL,
							&temporal_naptime,
							60, 1, 7 * 24 * 60 * 60, PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("temporal.retention_batch_time",
							"Time that a transaction of maintenance should take.",
							NULL,
							&temporal_retention_batch_time,
							100, 1, 60000, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("temporal.worker_share",
							"Percentage of the time in which a maintenance worker works; it sleeps for the rest.",
							"100: it does not sleep.",
							&temporal_worker_share,
							25, 5, 100, PGC_SIGHUP, 0,
							NULL, NULL, NULL);
}

void
settings_init(void)
{
	temporal_preloaded = process_shared_preload_libraries_in_progress;

	DefineCustomBoolVariable("temporal.allow_period_writes",
							 "Lets INSERT, UPDATE and COPY set period columns and write history.",
							 "For imports and pg_restore --data-only.",
							 &temporal_allow_period_writes,
							 false, PGC_SUSET, 0,
							 NULL, settings_assign_allow_period_writes, NULL);
	DefineCustomBoolVariable("temporal.allow_truncated_history",
							 "Answers a time before the history starts with a WARNING instead of an error.",
							 NULL,
							 &temporal_allow_truncated_history,
							 false, PGC_USERSET, 0,
							 NULL, settings_assign_allow_truncated_history, NULL);
	DefineCustomEnumVariable("temporal.as_of_mode",
							 "What AS OF t shows: what was committed by t, or the versions whose period contains t.",
							 NULL,
							 &temporal_as_of_mode,
							 AS_OF_MODE_COMMIT, as_of_mode_options,
							 PGC_USERSET, 0,
							 NULL, settings_assign_as_of_mode, NULL);
	DefineCustomStringVariable("temporal.archive_directories",
							   "Directories below which archives of old versions may be written.",
							   "A list separated by commas; empty: nowhere.",
							   &temporal_archive_directories,
							   "", PGC_SUSET, 0,
							   settings_check_archive_directories, NULL, NULL);
	DefineCustomStringVariable("temporal.context",
							   "JSON to be recorded with each transaction that changes a versioned table.",
							   NULL,
							   &temporal_context,
							   "", PGC_USERSET, 0,
							   settings_check_context,
							   settings_assign_context, NULL);
	DefineCustomBoolVariable("temporal.log_queries",
							 "Writes one DEBUG1 line for each execution of a temporal table reference.",
							 NULL,
							 &temporal_log_queries,
							 false, PGC_SUSET, 0,
							 NULL, settings_assign_log_queries, NULL);

	settings_define_maintenance();

	/* A postmaster setting can be defined only while the postmaster starts */
	if (temporal_preloaded)
		DefineCustomBoolVariable("temporal.syntax",
								 "Accepts the SQL:2011 forms; off leaves only the stock forms.",
								 NULL,
								 &temporal_syntax,
								 true, PGC_POSTMASTER, 0,
								 NULL, NULL, NULL);

	session_time_init();
	MarkGUCPrefixReserved(TEMPORAL_OPTION_NAMESPACE);
}

static Datum
settings_context_jsonb(void)
{
	int			length = strlen(temporal_context);

	/* a file, or a client that is connecting, may send any bytes */
	(void) pg_verify_mbstr(GetDatabaseEncoding(), temporal_context, length,
						   false);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(temporal_context));
}

/*
 * Errors are caught without a subtransaction: nothing but memory is touched.
 */
bool
settings_get_context(Datum *context)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool taken = false;

	if (temporal_context == NULL || temporal_context[0] == '\0' ||
		context_is_refused)
		return false;
	PG_TRY();
	{
		*context = settings_context_jsonb();
		taken = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		/* it is not about the value */
		if (category != ERRCODE_DATA_EXCEPTION &&
			category != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		context_is_refused = true;
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("temporal.context is not recorded: %s", error->message),
				 errhint("The setting comes from the server's configuration or the connection; SET temporal.context says more.")));
		FreeErrorData(error);
	}
	PG_END_TRY();
	return taken;
}

void
settings_require_preload(void)
{
	if (!temporal_preloaded)
		ereport(ERROR,
				(errcode(ERRCODE_TEMPORAL_NOT_PRELOADED),
				 errmsg("extension \"%s\" is not preloaded", TEMPORAL_EXTENSION),
				 errdetail("Without it the history of a versioned table would be lost."),
				 errhint("Add \"%s\" to shared_preload_libraries and restart the server.",
						 TEMPORAL_EXTENSION)));
}
