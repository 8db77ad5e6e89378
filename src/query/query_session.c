/*-------------------------------------------------------------------------
 *
 * query_session.c
 *	  temporal.as_of, for the statements that are planned while it is set
 *
 * The session's time is a clause like any other that comes from outside the
 * references (query_ambient.c): AS OF a constant, in force for the whole
 * statement, where nothing nearer is.
 *
 * NOT READ AS OF IT
 *		The queries with which PostgreSQL checks foreign keys: they ask for
 *		what is there.  They lock the rows FOR KEY SHARE, in a security context
 *		that nothing else uses.  (A trigger's own queries, fired by a cascade,
 *		run in it too and are read as of the time.)  Those of ALTER TABLE have
 *		neither, and it runs without the setting: ddl_dispatch.c.
 *
 * EXPLAIN
 *		says "Temporal As Of" where the time applied.  PostgreSQL prints a plan
 *		and closes its group in one function; the line is put in behind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parsetree.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat_query.h"
#ifdef TEMPORAL_HAS_EXPLAIN_HEADERS
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "base/session_time.h"
#include "catalog/extension_objects.h"
#include "query/query_ambient.h"
#include "temporal.h"

/* The query being explained, and the time of its plan once there is one */
typedef struct SessionExplain
{
	const Query *query;
	bool		applied;
	TimestampTz time;
} SessionExplain;

static SessionExplain session_explain = {NULL};

static ExplainOneQuery_hook_type prev_explain_hook = NULL;

static void session_explain_query(Query *query, int cursorOptions,
								  IntoClause *into, ExplainState *es,
								  const char *queryString,
								  ParamListInfo params,
								  QueryEnvironment *queryEnv);

/*
 * Calls the function that turns a number or name into a time.
 */
static TimestampTz
session_resolve(SessionTimeKind kind, int64 number, const char *name)
{
	const char *function_name =
		kind == SESSION_TIME_SCN ? TEMPORAL_TIME_OF_SCN :
		kind == SESSION_TIME_TRANSACTION ? TEMPORAL_TIME_OF_TRANSACTION :
		TEMPORAL_TIME_OF_SNAPSHOT;
	Oid			type = kind == SESSION_TIME_SNAPSHOT ? TEXTOID : INT8OID;
	Oid			function = extension_function_named(function_name, type);
	Datum		argument;
	Datum		result;
	bool		pushed = false;
	AclResult	aclresult;

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function %s.%s(%s) does not exist",
						TEMPORAL_SCHEMA, function_name, format_type_be(type)),
				 errhint("It belongs to extension \"%s\": CREATE EXTENSION, or ALTER EXTENSION ... UPDATE.",
						 TEMPORAL_EXTENSION)));
	aclresult = object_aclcheck(ProcedureRelationId, function, GetUserId(),
								ACL_EXECUTE);
	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_FUNCTION, function_name);

	argument = kind == SESSION_TIME_SNAPSHOT ? CStringGetTextDatum(name) :
		Int64GetDatum(number);
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	result = OidFunctionCall1(function, argument);
	if (pushed)
		PopActiveSnapshot();
	return DatumGetTimestampTz(result);
}

void
query_session_init(void)
{
	session_time_resolver = session_resolve;
	prev_explain_hook = ExplainOneQuery_hook;
	ExplainOneQuery_hook = session_explain_query;
}

void
query_session_enter(AmbientClause *clause, RewriteContext *context)
{
	memset(clause, 0, sizeof(AmbientClause));
	clause->kind = CLAUSE_AS_OF;
	context->ambient = clause;
}

void
query_session_leave(const AmbientClause *clause, const Query *query)
{
	if (!clause->applied || query != session_explain.query)
		return;
	session_explain.applied = true;
	session_explain.time = session_time_get();
}

/*
 * The command whose clause locks rows with the strength.
 */
static const char *
session_lock_command(LockClauseStrength strength)
{
	switch (strength)
	{
		case LCS_FORKEYSHARE:
			return "SELECT FOR KEY SHARE";
		case LCS_FORSHARE:
			return "SELECT FOR SHARE";
		case LCS_FORNOKEYUPDATE:
			return "SELECT FOR NO KEY UPDATE";
		default:
			return "SELECT FOR UPDATE";
	}
}

bool
query_session_covers(AmbientClause *clause, Query *query, Index rti)
{
	ListCell   *lc;

	if (rti == query->resultRelation)
		return false;
	foreach(lc, query->rowMarks)
	{
		RowMarkClause *mark = lfirst_node(RowMarkClause, lc);

		if (mark->rti != rti)
			continue;
		if (InNoForceRLSOperation() && mark->strength == LCS_FORKEYSHARE)
			return false;
		session_time_refuse_write(session_lock_command(mark->strength),
								  get_rel_name(rt_fetch(rti,
														query->rtable)->relid));
	}
	if (clause->args == NIL)
		clause->args =
			list_make1(makeConst(TIMESTAMPTZOID, -1, InvalidOid,
								 sizeof(TimestampTz),
								 TimestampTzGetDatum(session_time_get()),
								 false, FLOAT8PASSBYVAL));
	return true;
}

/*
 * Takes the end of a plan's group back, which ExplainOnePlan() has just
 * printed, so that the group goes on; false if something else stands there.
 */
static bool
session_explain_reopen(ExplainState *es)
{
	StringInfoData end;
	bool		found;

	if (es->format == EXPLAIN_FORMAT_TEXT)
		return true;
	initStringInfo(&end);
	if (es->format == EXPLAIN_FORMAT_JSON)
		appendStringInfo(&end, "\n%*s}", 2 * es->indent, "");
	else if (es->format == EXPLAIN_FORMAT_XML)
		appendStringInfo(&end, "%*s</Query>\n", 2 * es->indent, "");
	found = es->str->len >= end.len &&
		strcmp(es->str->data + es->str->len - end.len, end.data) == 0;
	if (found)
	{
		es->str->len -= end.len;
		es->str->data[es->str->len] = '\0';
		es->indent++;
		if (es->format != EXPLAIN_FORMAT_XML)
			es->grouping_stack = lcons_int(1, es->grouping_stack);
	}
	pfree(end.data);
	return found;
}

/*
 * What EXPLAIN does where no hook is.
 */
static void
session_explain_standard(Query *query, int cursorOptions, IntoClause *into,
						 ExplainState *es, const char *queryString,
						 ParamListInfo params, QueryEnvironment *queryEnv)
{
#ifdef TEMPORAL_HAS_STANDARD_EXPLAIN
	standard_ExplainOneQuery(query, cursorOptions, into, es, queryString,
							 params, queryEnv);
#else
	PlannedStmt *plan;
	instr_time	started;
	instr_time	duration;
	BufferUsage buffers_before;
	BufferUsage buffers;

	if (es->buffers)
		buffers_before = pgBufferUsage;
	INSTR_TIME_SET_CURRENT(started);
	plan = pg_plan_query(query, queryString, cursorOptions, params);
	INSTR_TIME_SET_CURRENT(duration);
	INSTR_TIME_SUBTRACT(duration, started);
	if (es->buffers)
	{
		memset(&buffers, 0, sizeof(buffers));
		BufferUsageAccumDiff(&buffers, &pgBufferUsage, &buffers_before);
	}
	ExplainOnePlan(plan, into, es, queryString, params, queryEnv, &duration,
				   es->buffers ? &buffers : NULL);
#endif
}

static void
session_explain_next(Query *query, int cursorOptions, IntoClause *into,
					 ExplainState *es, const char *queryString,
					 ParamListInfo params, QueryEnvironment *queryEnv)
{
	if (prev_explain_hook)
		prev_explain_hook(query, cursorOptions, into, es, queryString, params,
						  queryEnv);
	else
		session_explain_standard(query, cursorOptions, into, es, queryString,
								 params, queryEnv);
}

static void
session_explain_query(Query *query, int cursorOptions, IntoClause *into,
					  ExplainState *es, const char *queryString,
					  ParamListInfo params, QueryEnvironment *queryEnv)
{
	SessionExplain outer = session_explain;
	SessionExplain explained;

	if (!session_time_is_set)
	{
		session_explain_next(query, cursorOptions, into, es, queryString,
							 params, queryEnv);
		return;
	}
	session_explain = (SessionExplain) {query};
	PG_TRY();
	{
		session_explain_next(query, cursorOptions, into, es, queryString,
							 params, queryEnv);
	}
	PG_FINALLY();
	{
		explained = session_explain;
		session_explain = outer;
	}
	PG_END_TRY();

	if (explained.applied && session_explain_reopen(es))
	{
		ExplainPropertyText("Temporal As Of",
							DatumGetCString(DirectFunctionCall1(timestamptz_out,
																TimestampTzGetDatum(explained.time))),
							es);
		if (es->format != EXPLAIN_FORMAT_TEXT)
			ExplainCloseGroup("Query", NULL, true, es);
	}
}
