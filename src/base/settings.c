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

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/plancache.h"

#include "base/settings.h"
#include "temporal.h"

bool		temporal_syntax = true;
bool		temporal_allow_period_writes = false;
bool		temporal_allow_truncated_history = false;
bool		temporal_log_queries = false;
bool		temporal_preloaded = false;

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
	DefineCustomBoolVariable("temporal.log_queries",
							 "Writes one DEBUG1 line for each temporal table reference.",
							 NULL,
							 &temporal_log_queries,
							 false, PGC_SUSET, 0,
							 NULL, NULL, NULL);

	/* A postmaster setting can be defined only while the postmaster starts */
	if (temporal_preloaded)
		DefineCustomBoolVariable("temporal.syntax",
								 "Accepts the SQL:2011 forms; off leaves only the stock forms.",
								 NULL,
								 &temporal_syntax,
								 true, PGC_POSTMASTER, 0,
								 NULL, NULL, NULL);

	MarkGUCPrefixReserved(TEMPORAL_OPTION_NAMESPACE);
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
