/*-------------------------------------------------------------------------
 *
 * query_clause.c
 *	  The stock form of FOR SYSTEM_TIME: TABLESAMPLE methods
 *
 * TABLESAMPLE is the one place where PostgreSQL's grammar attaches expressions
 * to a table reference.  Its methods let parse analysis type and check the
 * times, and views, rules and functions store the clause as pg_dump can print
 * it.  The planner hook (query_rewrite.c) replaces every such reference, so
 * that the callbacks of a method are reached only when the hook is not there.
 *
 * A view takes no TABLESAMPLE.  There the clause stands in a sub-select, as a
 * call of a marker of the same name: (SELECT * FROM v WHERE temporal.as_of(x)).
 * query_ambient.c takes it out again; a marker that is executed has stood where
 * it means nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tsmapi.h"
#include "catalog/pg_type.h"
#include "fmgr.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "query/query.h"

static const struct
{
	ExtensionFunction handler;
	ExtensionFunction marker;
	const char *name;
}			clause_handlers[] = {
	[CLAUSE_AS_OF] = {FUNCTION_TSM_AS_OF, FUNCTION_MARK_AS_OF, "AS OF"},
	[CLAUSE_FROM_TO] = {FUNCTION_TSM_FROM_TO, FUNCTION_MARK_FROM_TO,
	"FROM TO"},
	[CLAUSE_BETWEEN] = {FUNCTION_TSM_BETWEEN, FUNCTION_MARK_BETWEEN,
	"BETWEEN"},
	[CLAUSE_BETWEEN_SYMMETRIC] = {FUNCTION_TSM_BETWEEN_SYMMETRIC,
	FUNCTION_MARK_BETWEEN_SYMMETRIC, "BETWEEN SYMMETRIC"},
	[CLAUSE_CONTAINED_IN] = {FUNCTION_TSM_CONTAINED_IN,
	FUNCTION_MARK_CONTAINED_IN, "CONTAINED IN"},
	[CLAUSE_ALL] = {FUNCTION_TSM_ALL, FUNCTION_MARK_ALL, "ALL"},
};

PG_FUNCTION_INFO_V1(temporal_tsm_as_of);
PG_FUNCTION_INFO_V1(temporal_tsm_from_to);
PG_FUNCTION_INFO_V1(temporal_tsm_between_and);
PG_FUNCTION_INFO_V1(temporal_tsm_between_symmetric);
PG_FUNCTION_INFO_V1(temporal_tsm_contained_in);
PG_FUNCTION_INFO_V1(temporal_tsm_all_versions);
PG_FUNCTION_INFO_V1(temporal_clause_marker);

bool
query_clause_kind(Oid handler, ClauseKind *kind)
{
	for (int i = 0; i < lengthof(clause_handlers); i++)
	{
		if (handler == extension_function(clause_handlers[i].handler))
		{
			*kind = (ClauseKind) i;
			return OidIsValid(handler);
		}
	}
	return false;
}

bool
query_clause_kind_marked(Oid function, ClauseKind *kind)
{
	for (int i = 0; i < lengthof(clause_handlers); i++)
	{
		if (function == extension_function(clause_handlers[i].marker))
		{
			*kind = (ClauseKind) i;
			return OidIsValid(function);
		}
	}
	return false;
}

Oid
query_clause_handler(ClauseKind kind)
{
	return extension_function(clause_handlers[kind].handler);
}

const char *
query_clause_name(ClauseKind kind)
{
	return clause_handlers[kind].name;
}

/*
 * What a marker comes to where query_ambient.c does not look for it, or finds
 * it where it cannot mean anything.
 */
void
query_refuse_marker(int position)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("FOR SYSTEM_TIME of a sub-select must stand alone or under AND in its WHERE"),
			 errhint("Write FROM (SELECT * FROM v WHERE temporal.as_of(x)) AS v."),
			 position > 0 ? errposition(position) : 0));
}

/*
 * What a plan made without our planner hook comes to.
 */
static void
query_refuse_sample(void)
{
	settings_require_preload();
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("FOR SYSTEM_TIME is not supported here")));
}

static void
query_sample_size(PlannerInfo *root, RelOptInfo *baserel, List *paramexprs,
				  BlockNumber *pages, double *tuples)
{
	query_refuse_sample();
}

static void
query_sample_begin(SampleScanState *node, Datum *params, int nparams,
				   uint32 seed)
{
	query_refuse_sample();
}

static OffsetNumber
query_sample_next(SampleScanState *node, BlockNumber blockno,
				  OffsetNumber maxoffset)
{
	query_refuse_sample();
	return InvalidOffsetNumber;
}

static Datum
query_sample_method(List *parameter_types)
{
	TsmRoutine *routine = makeNode(TsmRoutine);

	routine->parameterTypes = parameter_types;
	routine->repeatable_across_queries = true;
	routine->repeatable_across_scans = true;
	routine->SampleScanGetSampleSize = query_sample_size;
	routine->BeginSampleScan = query_sample_begin;
	routine->NextSampleTuple = query_sample_next;
	return PointerGetDatum(routine);
}

/*
 * temporal.as_of(internal) RETURNS tsm_handler
 */
Datum
temporal_tsm_as_of(PG_FUNCTION_ARGS)
{
	return query_sample_method(list_make1_oid(TIMESTAMPTZOID));
}

/*
 * temporal.from_to(internal) RETURNS tsm_handler
 */
Datum
temporal_tsm_from_to(PG_FUNCTION_ARGS)
{
	return query_sample_method(list_make2_oid(TIMESTAMPTZOID,
											  TIMESTAMPTZOID));
}

/*
 * temporal.between_and(internal) RETURNS tsm_handler
 */
Datum
temporal_tsm_between_and(PG_FUNCTION_ARGS)
{
	return query_sample_method(list_make2_oid(TIMESTAMPTZOID,
											  TIMESTAMPTZOID));
}

/*
 * temporal.between_symmetric(internal) RETURNS tsm_handler
 */
Datum
temporal_tsm_between_symmetric(PG_FUNCTION_ARGS)
{
	return query_sample_method(list_make2_oid(TIMESTAMPTZOID,
											  TIMESTAMPTZOID));
}

/*
 * temporal.contained_in(internal) RETURNS tsm_handler
 */
Datum
temporal_tsm_contained_in(PG_FUNCTION_ARGS)
{
	return query_sample_method(list_make2_oid(TIMESTAMPTZOID,
											  TIMESTAMPTZOID));
}

/*
 * temporal.all_versions(internal) RETURNS tsm_handler
 */
Datum
temporal_tsm_all_versions(PG_FUNCTION_ARGS)
{
	return query_sample_method(list_make1_oid(BOOLOID));
}

/*
 * temporal.as_of(timestamptz) RETURNS boolean, and the markers of the other
 * clauses
 */
Datum
temporal_clause_marker(PG_FUNCTION_ARGS)
{
	settings_require_preload();
	query_refuse_marker(0);
	PG_RETURN_NULL();
}
