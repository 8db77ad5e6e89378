/*-------------------------------------------------------------------------
 *
 * capture_columns.c
 *	  The period columns of INSERT, UPDATE and MERGE
 *
 * The period columns are GENERATED ALWAYS AS ROW START and ROW END (SQL:2011
 * part 2, 11.4).  PostgreSQL's rewriter has already put their DEFAULTs,
 * temporal.row_start() and temporal.row_end(), wherever a statement leaves
 * them out.  The planner hook here
 *
 *	- refuses any other value (SQL:2011 part 2, 14.11 and 14.14 Syntax Rules),
 *	- makes every INSERT start its rows after all that ended in the history:
 *	  temporal.row_start(history),
 *	- makes every UPDATE also set the start: temporal.row_start(old start, ...),
 *	- makes every DELETE evaluate the same, for its side effect: the boundary
 *	  of the row is known to other sessions before the row is touched.
 *
 * The assignment is added to the target list and not to the columns for which
 * the user needs the UPDATE privilege: it is not the user who makes it.  It is
 * an expression over the old row because only the old row tells whether a
 * fresh tick is needed (transaction_time.c), and because EvalPlanQual
 * evaluates it again when READ COMMITTED meets a newer version.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "capture/capture.h"
#include "catalog/audit_queue.h"
#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"
#include "time/transaction_time.h"

HistoryBoundary capture_default_boundary = NULL;

static planner_hook_type prev_planner_hook = NULL;

PG_FUNCTION_INFO_V1(temporal_row_start);
PG_FUNCTION_INFO_V1(temporal_row_start_insert);
PG_FUNCTION_INFO_V1(temporal_row_start_after);
PG_FUNCTION_INFO_V1(temporal_row_end);
PG_FUNCTION_INFO_V1(temporal_system_time);

static PlannedStmt *capture_planner(Query *parse, const char *query_string,
									int cursorOptions,
									ParamListInfo boundParams);
static void capture_check_query(Query *query);

void
capture_columns_init(void)
{
	prev_planner_hook = planner_hook;
	planner_hook = capture_planner;
}

static PlannedStmt *
capture_planner(Query *parse, const char *query_string, int cursorOptions,
				ParamListInfo boundParams)
{
	PlannedStmt *plan;

	capture_check_query(parse);
	if (parse->hasModifyingCTE)
	{
		ListCell   *lc;

		/* WITH clauses that write stand at the top level only */
		foreach(lc, parse->cteList)
			capture_check_query(castNode(Query,
										 lfirst_node(CommonTableExpr, lc)->ctequery));
	}

	if (prev_planner_hook)
		plan = prev_planner_hook(parse, query_string, cursorOptions,
								 boundParams);
	else
		plan = standard_planner(parse, query_string, cursorOptions,
								boundParams);
	capture_append_period(plan);
	return plan;
}

/*
 * Is the expression a call of one of our own argument-less functions, that
 * is, the column's DEFAULT?
 */
static bool
capture_is_default(const Node *expr, ExtensionFunction function)
{
	return expr && IsA(expr, FuncExpr) &&
		((const FuncExpr *) expr)->funcid == extension_function(function);
}

/*
 * The same for an item of an INSERT's target list, which for VALUES of
 * several rows is a reference to their column.
 */
static bool
capture_is_inserted_default(Query *query, const Node *expr,
							ExtensionFunction function)
{
	const Var  *var = (const Var *) expr;
	RangeTblEntry *rte;
	ListCell   *lc;

	if (capture_is_default(expr, function))
		return true;
	if (expr == NULL || !IsA(expr, Var) || var->varlevelsup != 0)
		return false;
	rte = rt_fetch(var->varno, query->rtable);
	if (rte->rtekind != RTE_VALUES)
		return false;
	foreach(lc, rte->values_lists)
	{
		if (!capture_is_default(list_nth(lfirst(lc), var->varattno - 1),
								function))
			return false;
	}
	return true;
}

static void
capture_refuse_value(const VersionedRelation *versioned, AttrNumber attno,
					 bool insert)
{
	char	   *column = get_attname(versioned->relid, attno, false);

	audit_refuse(versioned->root, insert ? "INSERT of a period" :
				 "UPDATE of a period");
	ereport(ERROR,
			(errcode(ERRCODE_GENERATED_ALWAYS),
			 insert ?
			 errmsg("cannot insert a non-DEFAULT value into column \"%s\"",
					column) :
			 errmsg("column \"%s\" can only be updated to DEFAULT", column),
			 errdetail("Column \"%s\" belongs to the SYSTEM_TIME period of table \"%s\".",
					   column, get_rel_name(versioned->relid)),
			 errhint("Leave the column out; for an import, a superuser can turn on temporal.allow_period_writes.")));
}

static Expr *
capture_history(const VersionedRelation *versioned)
{
	return (Expr *) makeConst(REGCLASSOID, -1, InvalidOid, sizeof(Oid),
							  ObjectIdGetDatum(versioned->history), false,
							  true);
}

/*
 * Checks the columns of an INSERT; DEFAULT becomes temporal.row_start(history)
 * and 'infinity'.
 */
static void
capture_complete_insert(Query *query, List *targetlist,
						const VersionedRelation *versioned)
{
	ListCell   *lc;

	foreach(lc, targetlist)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk)
			continue;
		if (tle->resno == versioned->start_attno)
		{
			if (capture_is_inserted_default(query, (Node *) tle->expr,
											FUNCTION_ROW_START))
				tle->expr = (Expr *)
					makeFuncExpr(extension_function(FUNCTION_ROW_START_INSERT),
								 TIMESTAMPTZOID,
								 list_make1(capture_history(versioned)),
								 InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
			else if (!temporal_allow_period_writes)
				capture_refuse_value(versioned, tle->resno, true);
		}
		else if (tle->resno == versioned->end_attno)
		{
			/* what the planner would find by calling the function */
			if (capture_is_default((Node *) tle->expr, FUNCTION_ROW_END))
				tle->expr = (Expr *)
					makeConst(TIMESTAMPTZOID, -1, InvalidOid,
							  sizeof(TimestampTz),
							  TimestampTzGetDatum(DT_NOEND), false,
							  FLOAT8PASSBYVAL);
			else if (!temporal_allow_period_writes &&
					 !capture_is_inserted_default(query,
												  (Node *) tle->expr,
												  FUNCTION_ROW_END))
				capture_refuse_value(versioned, tle->resno, true);
		}
	}
}

/*
 * temporal.row_start(the row's present start, history, new_key)
 */
static Expr *
capture_next_start(Index result_rti, const VersionedRelation *versioned,
				   bool new_key)
{
	Var		   *old = makeVar(result_rti, versioned->start_attno,
							  TIMESTAMPTZOID, -1, InvalidOid, 0);

	return (Expr *) makeFuncExpr(extension_function(FUNCTION_ROW_START_AFTER),
								 TIMESTAMPTZOID,
								 list_make3(old,
											capture_history(versioned),
											makeBoolConst(new_key, false)),
								 InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/*
 * Checks the assignments of an UPDATE and returns them with the start added.
 */
static List *
capture_complete_update(List *targetlist, Index result_rti,
						const VersionedRelation *versioned)
{
	ListCell   *lc;
	TargetEntry *start = NULL;
	Expr	   *next_start;
	bool		new_key = false;

	foreach(lc, targetlist)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		new_key |= !tle->resjunk &&
			bms_is_member(tle->resno - FirstLowInvalidHeapAttributeNumber,
						  versioned->key_attnos);
	}
	next_start = capture_next_start(result_rti, versioned, new_key);

	foreach(lc, targetlist)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk)
			continue;
		if (tle->resno == versioned->end_attno &&
			!capture_is_default((Node *) tle->expr, FUNCTION_ROW_END) &&
			!temporal_allow_period_writes)
			capture_refuse_value(versioned, tle->resno, false);
		if (tle->resno != versioned->start_attno)
			continue;
		start = tle;
		if (capture_is_default((Node *) tle->expr, FUNCTION_ROW_START))
			tle->expr = next_start;
		else if (!temporal_allow_period_writes)
			capture_refuse_value(versioned, tle->resno, false);
	}

	if (start == NULL)
	{
		char	   *name = get_attname(versioned->relid,
									   versioned->start_attno, false);

		int			place = 0;

		/* what is junk, as the source of SET (a, b) = (SELECT ...), is last */
		while (place < list_length(targetlist) &&
			   !list_nth_node(TargetEntry, targetlist, place)->resjunk)
			place++;
		start = makeTargetEntry(next_start, versioned->start_attno, name,
								false);
		targetlist = list_insert_nth(targetlist, place, start);
	}
	return targetlist;
}

/*
 * A DELETE computes the boundary of each row it finds, as junk of its target
 * list.
 */
static List *
capture_complete_delete(List *targetlist, Index result_rti,
						const VersionedRelation *versioned)
{
	TargetEntry *tle = makeTargetEntry(capture_next_start(result_rti,
														  versioned, false),
									   list_length(targetlist) + 1,
									   pstrdup("boundary"), true);

	return lappend(targetlist, tle);
}

/*
 * The same for a DELETE action of MERGE, which has no target list: "... AND
 * temporal.row_start(...) IS NOT NULL", which is true.
 */
static Node *
capture_complete_merge_delete(Node *qual, Index result_rti,
							  const VersionedRelation *versioned)
{
	NullTest   *test = makeNode(NullTest);

	test->arg = capture_next_start(result_rti, versioned, false);
	test->nulltesttype = IS_NOT_NULL;
	test->argisrow = false;
	test->location = -1;
	return make_and_qual(qual, (Node *) test);
}

static void
capture_check_query(Query *query)
{
	RangeTblEntry *rte;
	const VersionedRelation *versioned;
	ListCell   *lc;

	if (query->resultRelation == 0)
		return;
	rte = rt_fetch(query->resultRelation, query->rtable);
	versioned = versioned_cache_get(rte->relid);
	if (versioned == NULL)
		return;
	if (session_time_is_set && OidIsValid(versioned->history))
		session_time_refuse_write(GetCommandTagName(CreateCommandTag((Node *) query)),
								  get_rel_name(rte->relid));
	if (!versioned->captures && OidIsValid(versioned->history) &&
		(query->commandType != CMD_INSERT || query->onConflict) &&
		!temporal_allow_period_writes)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("triggers of versioned table \"%s\" are missing or disabled",
						get_rel_name(versioned->relid)),
				 errdetail("The versions that this statement replaces would be lost."),
				 errhint("Any ALTER TABLE of the table makes them again.")));

	switch (query->commandType)
	{
		case CMD_INSERT:
			capture_complete_insert(query, query->targetList, versioned);
			if (query->onConflict &&
				query->onConflict->action == ONCONFLICT_UPDATE)
				query->onConflict->onConflictSet =
					capture_complete_update(query->onConflict->onConflictSet,
											query->resultRelation,
											versioned);
			break;
		case CMD_UPDATE:
			query->targetList = capture_complete_update(query->targetList,
														query->resultRelation,
														versioned);
			break;
		case CMD_DELETE:
			query->targetList = capture_complete_delete(query->targetList,
														query->resultRelation,
														versioned);
			break;
		case CMD_MERGE:
			foreach(lc, query->mergeActionList)
			{
				MergeAction *action = lfirst_node(MergeAction, lc);

				if (action->commandType == CMD_INSERT)
					capture_complete_insert(query, action->targetList,
										 versioned);
				else if (action->commandType == CMD_UPDATE)
					action->targetList =
						capture_complete_update(action->targetList,
												query->resultRelation,
												versioned);
				else if (action->commandType == CMD_DELETE)
					action->qual =
						capture_complete_merge_delete(action->qual,
													  query->resultRelation,
													  versioned);
			}
			break;
		default:
			break;
	}
}

TimestampTz
capture_insert_start(HistoryBoundary boundary)
{
	TimestampTz start = transaction_time_row_start();

	if ((uint64) start < pg_atomic_read_u64(boundary))
		start = transaction_time_fresh();
	return start;
}

TimestampTz
capture_replace_start(TimestampTz previous, Oid history)
{
	TimestampTz start;

	if (transaction_time_is_own(previous))
		return previous;
	start = transaction_time_boundary(previous);
	if (OidIsValid(history))
		history_reach_note_boundary(history, start);
	return start;
}

/*
 * temporal.row_start() RETURNS timestamptz
 */
Datum
temporal_row_start(PG_FUNCTION_ARGS)
{
	settings_require_preload();
	if (capture_default_boundary != NULL)
		PG_RETURN_TIMESTAMPTZ(capture_insert_start(capture_default_boundary));
	PG_RETURN_TIMESTAMPTZ(transaction_time_row_start());
}

/*
 * temporal.row_start(history regclass) RETURNS timestamptz
 */
Datum
temporal_row_start_insert(PG_FUNCTION_ARGS)
{
	settings_require_preload();
	if (PG_ARGISNULL(0) || !OidIsValid(PG_GETARG_OID(0)))
		PG_RETURN_TIMESTAMPTZ(transaction_time_row_start());
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = history_reach_boundary(PG_GETARG_OID(0));
	PG_RETURN_TIMESTAMPTZ(capture_insert_start(fcinfo->flinfo->fn_extra));
}

/*
 * temporal.row_start(previous timestamptz, history regclass, new_key boolean)
 *		RETURNS timestamptz
 */
Datum
temporal_row_start_after(PG_FUNCTION_ARGS)
{
	TimestampTz start;

	settings_require_preload();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_TIMESTAMPTZ(transaction_time_row_start());
	start = capture_replace_start(PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_OID(1));
	if (PG_GETARG_BOOL(2) && OidIsValid(PG_GETARG_OID(1)))
		start = Max(start,
					capture_insert_start(history_reach_boundary(PG_GETARG_OID(1))));
	PG_RETURN_TIMESTAMPTZ(start);
}

/*
 * temporal.row_end() RETURNS timestamptz
 */
Datum
temporal_row_end(PG_FUNCTION_ARGS)
{
	TimestampTz end;

	TIMESTAMP_NOEND(end);
	PG_RETURN_TIMESTAMPTZ(end);
}

/*
 * temporal.system_time() RETURNS timestamptz
 */
Datum
temporal_system_time(PG_FUNCTION_ARGS)
{
	if (!transaction_time_is_set())
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(transaction_time_system());
}
