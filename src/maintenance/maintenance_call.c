/*-------------------------------------------------------------------------
 *
 * maintenance_call.c
 *	  CALL temporal.run_maintenance(), and what temporal.progress reads
 *
 * Whoever calls for maintenance wants it now: schedules and waits after
 * failures are for workers.  Other than a worker it does not stop after a
 * while, and says what failed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "catalog/job_progress.h"
#include "catalog/versioned_cache.h"
#include "maintenance/maintenance_run.h"

PG_FUNCTION_INFO_V1(temporal_run_maintenance);
PG_FUNCTION_INFO_V1(temporal_job_progress);
PG_FUNCTION_INFO_V1(temporal_job_is_running);

static Oid	call_only = InvalidOid; /* the table that was named, if any */

static bool
call_stop(void)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

static bool
call_may_run(Oid relation)
{
	if (OidIsValid(call_only) && relation != call_only)
		return false;
	return object_ownercheck(RelationRelationId, relation, GetUserId());
}

static const JobRunner call_runner = {
	.worker = false,
	.commit = SPI_commit,
	.stop = call_stop,
	.may_run = call_may_run,
};

/*
 * The versioned table that was named; 42501 if it is not the caller's.
 */
static Oid
call_find_table(Oid relid)
{
	Oid			root;

	LockRelationOid(relid, AccessShareLock);
	if (get_rel_name(relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	root = versioned_cache_require(relid, 0)->root;
	if (!object_ownercheck(RelationRelationId, root, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(get_rel_relkind(root)),
					   get_rel_name(root));
	return root;
}

static void
call_run_jobs(void)
{
	MemoryContext context = AllocSetContextCreate(PortalContext,
												  "temporal maintenance jobs",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	List	   *jobs;
	ListCell   *lc;

	maintenance_tidy();
	old = MemoryContextSwitchTo(context);
	jobs = maintenance_list_jobs(&call_runner);
	MemoryContextSwitchTo(old);
	SPI_commit();
	foreach(lc, jobs)
	{
		while (maintenance_run_job(&call_runner, lfirst(lc)) == JOB_MORE)
			;
	}
	MemoryContextDelete(context);
}

/*
 * temporal.run_maintenance(relation regclass)
 */
Datum
temporal_run_maintenance(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;

	settings_require_preload();
	PreventCommandIfReadOnly("temporal.run_maintenance()");
	if (session_time_is_set)
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("cannot run maintenance while temporal.as_of is set"),
				 errhint("RESET temporal.as_of returns to the present.")));
	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("temporal.run_maintenance() cannot run inside a transaction block or a function"),
				 errdetail("It commits after each step."),
				 errhint("CALL it as a statement of its own.")));
	call_only = PG_ARGISNULL(0) ? InvalidOid :
		call_find_table(PG_GETARG_OID(0));

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	call_run_jobs();
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * May the user know of the table's maintenance?
 */
static bool
progress_may_see(const JobProgress *progress)
{
	if (has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS))
		return true;
	return progress->database == MyDatabaseId &&
		SearchSysCacheExists1(RELOID, ObjectIdGetDatum(progress->relation)) &&
		object_ownercheck(RelationRelationId, progress->relation,
						  GetUserId());
}

/*
 * temporal.job_progress(OUT pid integer, OUT database oid,
 *		OUT relation regclass, OUT kind text, OUT phase text,
 *		OUT started timestamptz, OUT steps bigint, OUT versions bigint,
 *		OUT versions_total bigint) RETURNS SETOF record
 */
Datum
temporal_job_progress(PG_FUNCTION_ARGS)
{
	enum
	{
		PROGRESS_PID, PROGRESS_DATABASE, PROGRESS_RELATION, PROGRESS_KIND,
		PROGRESS_PHASE, PROGRESS_STARTED, PROGRESS_STEPS, PROGRESS_VERSIONS,
		PROGRESS_TOTAL, PROGRESS_Count
	};
	JobProgress *list;
	int			n;

	settings_require_preload();
	InitMaterializedSRF(fcinfo, 0);
	n = job_progress_list(&list);
	for (int i = 0; i < n; i++)
	{
		const JobProgress *progress = &list[i];
		Datum		values[PROGRESS_Count];
		bool		nulls[PROGRESS_Count];

		memset(nulls, true, sizeof(nulls));
		values[PROGRESS_PID] = Int32GetDatum(progress->pid);
		values[PROGRESS_DATABASE] = ObjectIdGetDatum(progress->database);
		nulls[PROGRESS_PID] = nulls[PROGRESS_DATABASE] = false;
		if (progress_may_see(progress))
		{
			memset(nulls, false, sizeof(nulls));
			values[PROGRESS_RELATION] = ObjectIdGetDatum(progress->relation);
			nulls[PROGRESS_RELATION] = progress->database != MyDatabaseId;
			values[PROGRESS_KIND] = CStringGetTextDatum(progress->kind);
			values[PROGRESS_PHASE] = CStringGetTextDatum(progress->phase);
			values[PROGRESS_STARTED] = TimestampTzGetDatum(progress->started);
			values[PROGRESS_STEPS] = Int64GetDatum(progress->steps);
			values[PROGRESS_VERSIONS] = Int64GetDatum(progress->versions);
			values[PROGRESS_TOTAL] = Int64GetDatum(progress->total);
			nulls[PROGRESS_TOTAL] = progress->total < 0;
		}
		tuplestore_putvalues(((ReturnSetInfo *) fcinfo->resultinfo)->setResult,
							 ((ReturnSetInfo *) fcinfo->resultinfo)->setDesc,
							 values, nulls);
	}
	return (Datum) 0;
}

/*
 * temporal.job_is_running(relation regclass, kind text) RETURNS boolean
 */
Datum
temporal_job_is_running(PG_FUNCTION_ARGS)
{
	settings_require_preload();
	PG_RETURN_BOOL(job_progress_is_claimed(PG_GETARG_OID(0),
										   text_to_cstring(PG_GETARG_TEXT_PP(1))));
}
