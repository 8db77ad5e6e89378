/*-------------------------------------------------------------------------
 *
 * query_predicate.c
 *	  The predicates a clause becomes, and what the planner is told of them
 *
 * One function call a row decides about both ends of its period.  For the
 * planner it is as good as two comparisons: the support function offers
 * "start <= t" and "end > t" to any index on those columns.  It is better in
 * one respect.  Multiplied as if they were independent, the two comparisons'
 * selectivities are far off; since end > start, the share of versions valid
 * at t is exactly
 *
 *		P(start <= t) - P(end <= t)
 *
 * and likewise for the ranges, with each term taken from the column's
 * statistics.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"
#include "query/query.h"
#include "time/time_range.h"

/* When nothing is known of the time: ten versions a row */
#define DEFAULT_VERSION_SEL		0.1

/* Arguments of the predicates */
enum
{
	ARG_START,
	ARG_END,
	ARG_FROM,					/* or the time of AS OF */
	ARG_TO
};

/*
 * A predicate as two comparisons: start OP argument, end OP argument.
 */
typedef struct PredicateBounds
{
	ExtensionFunction function;
	StrategyNumber start_strategy;
	int			start_arg;
	StrategyNumber end_strategy;
	int			end_arg;
} PredicateBounds;

static const PredicateBounds predicate_bounds[] = {
	{FUNCTION_VERSION_AS_OF,
		BTLessEqualStrategyNumber, ARG_FROM,
	BTGreaterStrategyNumber, ARG_FROM},
	{FUNCTION_VERSION_FROM_TO,
		BTLessStrategyNumber, ARG_TO,
	BTGreaterStrategyNumber, ARG_FROM},
	{FUNCTION_VERSION_BETWEEN,
		BTLessEqualStrategyNumber, ARG_TO,
	BTGreaterStrategyNumber, ARG_FROM},
	{FUNCTION_VERSION_CONTAINED_IN,
		BTGreaterEqualStrategyNumber, ARG_FROM,
	BTLessEqualStrategyNumber, ARG_TO},
};

PG_FUNCTION_INFO_V1(temporal_version_as_of);
PG_FUNCTION_INFO_V1(temporal_version_from_to);
PG_FUNCTION_INFO_V1(temporal_version_between);
PG_FUNCTION_INFO_V1(temporal_version_contained_in);
PG_FUNCTION_INFO_V1(temporal_version_support);
PG_FUNCTION_INFO_V1(temporal_clause_time);
PG_FUNCTION_INFO_V1(temporal_clause_bound);

static const PredicateBounds *
predicate_find(Oid function)
{
	for (int i = 0; i < lengthof(predicate_bounds); i++)
	{
		if (extension_function(predicate_bounds[i].function) == function)
			return &predicate_bounds[i];
	}
	return NULL;
}

/*
 * The value of an argument as far as planning can know it: a constant, a
 * stable expression, or what the initplan that computes it will compute.
 */
static Node *
predicate_estimate(PlannerInfo *root, Node *arg)
{
	if (IsA(arg, Param) && ((Param *) arg)->paramkind == PARAM_EXEC)
	{
		int			paramid = ((Param *) arg)->paramid;

		for (PlannerInfo *r = root; r != NULL; r = r->parent_root)
		{
			ListCell   *lc;

			foreach(lc, r->init_plans)
			{
				SubPlan    *initplan = lfirst_node(SubPlan, lc);
				Plan	   *plan;

				if (!list_member_int(initplan->setParam, paramid))
					continue;
				plan = list_nth(root->glob->subplans, initplan->plan_id - 1);
				if (list_length(plan->targetlist) != 1 ||
					!IsA(plan, Result) || plan->lefttree != NULL)
					return arg;
				arg = (Node *) linitial_node(TargetEntry,
											 plan->targetlist)->expr;
				return estimate_expression_value(root, arg);
			}
		}
		return arg;
	}
	return estimate_expression_value(root, arg);
}

/*
 * Share of rows whose column compares so with the value.
 */
static double
predicate_compare(PlannerInfo *root, Node *column, StrategyNumber strategy,
				  Node *value, int varRelid)
{
	TypeCacheEntry *type = lookup_type_cache(TIMESTAMPTZOID,
											 TYPECACHE_BTREE_OPFAMILY);
	Oid			operator = get_opfamily_member(type->btree_opf,
											   TIMESTAMPTZOID, TIMESTAMPTZOID,
											   strategy);

	return restriction_selectivity(root, operator, list_make2(column, value),
								   InvalidOid, varRelid);
}

static bool
predicate_selectivity(SupportRequestSelectivity *req)
{
	const PredicateBounds *bounds = predicate_find(req->funcid);
	Node	   *start;
	Node	   *end;
	Node	   *start_value;
	Node	   *end_value;
	double		by_start;
	double		by_end;

	if (bounds == NULL)
		return false;
	start = list_nth(req->args, ARG_START);
	end = list_nth(req->args, ARG_END);
	start_value = predicate_estimate(req->root,
									 list_nth(req->args, bounds->start_arg));
	end_value = predicate_estimate(req->root,
								   list_nth(req->args, bounds->end_arg));
	if (!IsA(start_value, Const) || !IsA(end_value, Const))
	{
		req->selectivity = DEFAULT_VERSION_SEL;
		return true;
	}

	by_start = predicate_compare(req->root, start, bounds->start_strategy,
								 start_value, req->varRelid);
	by_end = predicate_compare(req->root, end, bounds->end_strategy,
							   end_value, req->varRelid);

	/* both hold = 1 - neither (end >= start excludes both failing) */
	req->selectivity = by_start + by_end - 1.0;
	CLAMP_PROBABILITY(req->selectivity);
	req->selectivity = Max(req->selectivity, 1.0e-7);
	return true;
}

static List *
predicate_index_condition(SupportRequestIndexCondition *req)
{
	const PredicateBounds *bounds = predicate_find(req->funcid);
	FuncExpr   *call = (FuncExpr *) req->node;
	StrategyNumber strategy;
	Node	   *column;
	Node	   *value;
	Oid			operator;

	if (bounds == NULL || !IsA(call, FuncExpr) ||
		(req->indexarg != ARG_START && req->indexarg != ARG_END))
		return NIL;
	column = list_nth(call->args, req->indexarg);
	if (req->indexarg == ARG_START)
	{
		strategy = bounds->start_strategy;
		value = list_nth(call->args, bounds->start_arg);
	}
	else
	{
		strategy = bounds->end_strategy;
		value = list_nth(call->args, bounds->end_arg);
	}
	if (!is_pseudo_constant_for_index(req->root, value, req->index))
		return NIL;
	operator = get_opfamily_member(req->opfamily, TIMESTAMPTZOID,
								   TIMESTAMPTZOID, strategy);
	if (!OidIsValid(operator))
		return NIL;

	/* one end of the period only: the call itself is still the filter */
	req->lossy = true;
	return list_make1(make_opclause(operator, BOOLOID, false,
									(Expr *) column, (Expr *) value,
									InvalidOid, InvalidOid));
}

/*
 * temporal.version_support(internal) RETURNS internal
 */
Datum
temporal_version_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *answer = NULL;

	if (IsA(request, SupportRequestSelectivity))
	{
		if (predicate_selectivity((SupportRequestSelectivity *) request))
			answer = request;
	}
	else if (IsA(request, SupportRequestIndexCondition))
		answer = (Node *)
			predicate_index_condition((SupportRequestIndexCondition *) request);

	PG_RETURN_POINTER(answer);
}

/*
 * temporal.version_as_of(start, end, time) RETURNS boolean
 */
Datum
temporal_version_as_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(time_range_as_of(PG_GETARG_TIMESTAMPTZ(ARG_START),
									PG_GETARG_TIMESTAMPTZ(ARG_END),
									PG_GETARG_TIMESTAMPTZ(ARG_FROM)));
}

/*
 * temporal.version_from_to(start, end, from, to) RETURNS boolean
 */
Datum
temporal_version_from_to(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(time_range_from_to(PG_GETARG_TIMESTAMPTZ(ARG_START),
									  PG_GETARG_TIMESTAMPTZ(ARG_END),
									  PG_GETARG_TIMESTAMPTZ(ARG_FROM),
									  PG_GETARG_TIMESTAMPTZ(ARG_TO)));
}

/*
 * temporal.version_between(start, end, from, to) RETURNS boolean
 */
Datum
temporal_version_between(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(time_range_between(PG_GETARG_TIMESTAMPTZ(ARG_START),
									  PG_GETARG_TIMESTAMPTZ(ARG_END),
									  PG_GETARG_TIMESTAMPTZ(ARG_FROM),
									  PG_GETARG_TIMESTAMPTZ(ARG_TO)));
}

/*
 * temporal.version_contained_in(start, end, from, to) RETURNS boolean
 */
Datum
temporal_version_contained_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(time_range_contained_in(PG_GETARG_TIMESTAMPTZ(ARG_START),
										   PG_GETARG_TIMESTAMPTZ(ARG_END),
										   PG_GETARG_TIMESTAMPTZ(ARG_FROM),
										   PG_GETARG_TIMESTAMPTZ(ARG_TO)));
}

/*
 * temporal.clause_time(time timestamptz, relation regclass) RETURNS timestamptz
 */
Datum
temporal_clause_time(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		query_refuse_null_time(-1);
	PG_RETURN_TIMESTAMPTZ(query_check_time(PG_GETARG_TIMESTAMPTZ(0),
										   versioned_cache_require(PG_GETARG_OID(1), 0),
										   -1));
}

/*
 * temporal.clause_bound(time timestamptz) RETURNS timestamptz
 */
Datum
temporal_clause_bound(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		query_refuse_null_time(-1);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * An error position is a character, 1 for the first; 0 if unknown.
 */
void
query_refuse_null_time(int position)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("time of FOR SYSTEM_TIME must not be null"),
			 position > 0 ? errposition(position) : 0));
}

/*
 * The instant an AS OF clause means for the table; 22023 if the table's
 * history starts later.
 */
TimestampTz
query_check_time(TimestampTz t, const VersionedRelation *versioned,
				 int position)
{
	if (t < versioned->history_start)
	{
		ereport(temporal_allow_truncated_history ? WARNING : ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time %s is before the history of table \"%s\", which starts at %s",
						pstrdup(timestamptz_to_str(t)),
						get_rel_name(versioned->relid),
						pstrdup(timestamptz_to_str(versioned->history_start))),
				 errhint("temporal.allow_truncated_history = on answers with no rows instead."),
				 position > 0 ? errposition(position) : 0));
		return DT_NOBEGIN;
	}
	return time_clause_instant(t);
}
