/*-------------------------------------------------------------------------
 *
 * query_quals.c
 *	  The comparisons that a clause becomes
 *
 * A time is evaluated once an execution: a constant as it is, anything else as
 * an InitPlan, (SELECT temporal.clause_time(x, t)), so that no row pays for
 * it.  A bare parameter is checked in place, by temporal.clause_time($1, t),
 * which remembers its last answer: starting two InitPlans takes longer than a
 * look-up by key.  A time made of columns of other tables stays an expression over them,
 * so that it can drive an index scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "catalog/extension_objects.h"
#include "query/query_rewrite.h"

static Oid
timestamptz_operator(StrategyNumber strategy)
{
	TypeCacheEntry *type = lookup_type_cache(TIMESTAMPTZOID,
											 TYPECACHE_BTREE_OPFAMILY);

	return get_opfamily_member(type->btree_opf, TIMESTAMPTZOID,
							   TIMESTAMPTZOID, strategy);
}

Expr *
query_comparison(Node *column, StrategyNumber strategy, Node *value)
{
	return make_opclause(timestamptz_operator(strategy), BOOLOID, false,
						 (Expr *) copyObject(column),
						 (Expr *) copyObject(value), InvalidOid, InvalidOid);
}

bool
query_is_comparison(const Node *clause, StrategyNumber strategy, Index rti,
					AttrNumber attno)
{
	const OpExpr *op = (const OpExpr *) clause;
	const Var  *column;

	if (!IsA(op, OpExpr) || list_length(op->args) != 2 ||
		op->opno != timestamptz_operator(strategy))
		return false;
	column = linitial(op->args);
	return IsA(column, Var) && column->varno == rti &&
		column->varattno == attno && column->varlevelsup == 0;
}

static bool
contains_any_var_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return true;
	if (IsA(node, Query))
		return false;			/* a sub-select, evaluated where it stands */
	return expression_tree_walker(node, contains_any_var_walker, context);
}

/*
 * (SELECT expr): an InitPlan, evaluated once an execution
 */
static Node *
quals_once(Query *query, Node *expr)
{
	Query	   *select = makeNode(Query);
	SubLink    *sublink = makeNode(SubLink);

	select->commandType = CMD_SELECT;
	select->querySource = QSRC_ORIGINAL;
	select->canSetTag = true;
	select->hasSubLinks = checkExprHasSubLink(expr);
	IncrementVarSublevelsUp(expr, 1, 0);
	select->targetList = list_make1(makeTargetEntry((Expr *) expr, 1,
													pstrdup("time"), false));
	select->jointree = makeFromExpr(NIL, NULL);

	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) select;
	sublink->location = -1;
	query->hasSubLinks = true;
	return (Node *) sublink;
}

/*
 * SELECT time FROM temporal_time_N, where WITH temporal_time_N AS MATERIALIZED
 * (SELECT expr): each qual that names the time gets an InitPlan of its own,
 * which for a volatile time must not compute it anew.
 */
static Node *
quals_volatile(Query *query, Node *expr)
{
	Node	   *sublink = quals_once(query, expr);
	CommonTableExpr *cte = makeNode(CommonTableExpr);
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *rtr = makeNode(RangeTblRef);
	Query	   *select = makeNode(Query);

	cte->ctename = psprintf("temporal_time_%d",
							list_length(query->cteList) + 1);
	cte->ctematerialized = CTEMaterializeAlways;
	cte->ctequery = castNode(SubLink, sublink)->subselect;
	cte->location = -1;
	cte->cterefcount = 1;
	cte->ctecolnames = list_make1(makeString(pstrdup("time")));
	cte->ctecoltypes = list_make1_oid(TIMESTAMPTZOID);
	cte->ctecoltypmods = list_make1_int(-1);
	cte->ctecolcollations = list_make1_oid(InvalidOid);
	query->cteList = lappend(query->cteList, cte);

	rte->rtekind = RTE_CTE;
	rte->ctename = cte->ctename;
	rte->ctelevelsup = 1;
	rte->coltypes = list_make1_oid(TIMESTAMPTZOID);
	rte->coltypmods = list_make1_int(-1);
	rte->colcollations = list_make1_oid(InvalidOid);
	rte->eref = makeAlias(cte->ctename, copyObject(cte->ctecolnames));
	rte->inFromCl = true;
	rtr->rtindex = 1;

	select->commandType = CMD_SELECT;
	select->querySource = QSRC_ORIGINAL;
	select->canSetTag = true;
	select->rtable = list_make1(rte);
	select->jointree = makeFromExpr(list_make1(rtr), NULL);
	select->targetList =
		list_make1(makeTargetEntry((Expr *) makeVar(1, 1, TIMESTAMPTZOID, -1,
													InvalidOid, 0),
								   1, pstrdup("time"), false));
	castNode(SubLink, sublink)->subselect = (Node *) select;
	return sublink;
}

/*
 * temporal.clause_time(expr, relation), or column_time()
 */
static Node *
quals_checked_time(Node *expr, const VersionedRelation *relation,
					 ExtensionFunction function)
{
	return (Node *)
		makeFuncExpr(extension_function(function), TIMESTAMPTZOID,
					 list_make2(expr,
								makeConst(REGCLASSOID, -1, InvalidOid,
										  sizeof(Oid),
										  ObjectIdGetDatum(relation->relid),
										  false, true)),
					 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/*
 * The time or bound of a clause as an expression for the predicate.  relation
 * is that of an AS OF, NULL for a bound.
 */
static Node *
quals_time(Query *query, Node *expr, const VersionedRelation *relation,
			 RewriteContext *context)
{
	int			position = rewrite_position(context, exprLocation(expr));

	expr = eval_const_expressions(rewrite_root(context), expr);
	if (IsA(expr, Const))
	{
		Const	   *value = (Const *) expr;

		if (value->constisnull)
			query_refuse_null_time(position);
		if (relation)
			value->constvalue =
				TimestampTzGetDatum(query_check_time(DatumGetTimestampTz(value->constvalue),
													 relation, position));
		return expr;
	}

	/* of other tables' columns: NULL matches no version, as in any join */
	if (contains_any_var_walker(expr, NULL))
		return relation ? quals_checked_time(expr, relation,
											   FUNCTION_COLUMN_TIME) : expr;

	/* a parameter is at hand: an InitPlan would cost more than it saves */
	if (relation && IsA(expr, Param) &&
		((Param *) expr)->paramkind == PARAM_EXTERN)
		return quals_checked_time(expr, relation, FUNCTION_CLAUSE_TIME);

	if (relation)
		expr = quals_checked_time(expr, relation, FUNCTION_CLAUSE_TIME);
	else
		expr = (Node *)
			makeFuncExpr(extension_function(FUNCTION_CLAUSE_BOUND),
						 TIMESTAMPTZOID, list_make1(expr),
						 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);

	if (contain_volatile_functions(expr))
		return quals_volatile(query, expr);
	return quals_once(query, expr);
}

/*
 * LEAST or GREATEST of two bounds
 */
static Node *
quals_extreme(MinMaxOp op, Node *a, Node *b)
{
	MinMaxExpr *extreme = makeNode(MinMaxExpr);

	extreme->minmaxtype = TIMESTAMPTZOID;
	extreme->op = op;
	extreme->args = list_make2(copyObject(a), copyObject(b));
	extreme->location = -1;
	return (Node *) extreme;
}

/*
 * tstzrange(start, end) @> t, for an index on just that
 */
static Node *
quals_range_qual(Node *start, Node *end, Node *t)
{
	FuncExpr   *range = makeFuncExpr(F_TSTZRANGE_TIMESTAMPTZ_TIMESTAMPTZ,
									 TSTZRANGEOID,
									 list_make2(copyObject(start),
												copyObject(end)),
									 InvalidOid, InvalidOid,
									 COERCE_EXPLICIT_CALL);

	return (Node *) make_opclause(OID_RANGE_CONTAINS_ELEM_OP, BOOLOID, false,
								  (Expr *) range, (Expr *) copyObject(t),
								  InvalidOid, InvalidOid);
}

/*
 * A qual that is true if the bounds of a range are in order, NIL if they are
 * known to be: a range that is not is empty (SQL:2011 part 2, 7.6).
 */
static List *
quals_bounds_qual(StrategyNumber strategy, Node *from, Node *to)
{
	if (IsA(from, Const) && IsA(to, Const))
	{
		TimestampTz a = DatumGetTimestampTz(((Const *) from)->constvalue);
		TimestampTz b = DatumGetTimestampTz(((Const *) to)->constvalue);

		if (strategy == BTLessStrategyNumber ? a < b : a <= b)
			return NIL;
		return list_make1(makeBoolConst(false, false));
	}
	return list_make1(query_comparison(from, strategy, to));
}

/*
 * The quals of the reference (SQL:2011 part 2, 7.6 <table reference>;
 * CONTAINED IN as SQL Server has it): plain comparisons, which every index on
 * the columns can use and every row can afford.
 */
List *
query_quals(Query *query, Index rti, ClauseKind kind, List *args,
			  const VersionedRelation *versioned, RewriteContext *context)
{
	Node	   *start = (Node *) makeVar(rti, versioned->start_attno,
										 TIMESTAMPTZOID, -1, InvalidOid, 0);
	Node	   *end = (Node *) makeVar(rti, versioned->end_attno,
									   TIMESTAMPTZOID, -1, InvalidOid, 0);
	Node	   *from = NULL;
	Node	   *to = NULL;
	List	   *quals;

	if (kind == CLAUSE_ALL)
		return NIL;
	from = quals_time(query, linitial(args),
						kind == CLAUSE_AS_OF ? versioned : NULL, context);
	if (list_length(args) > 1)
		to = quals_time(query, lsecond(args), NULL, context);

	switch (kind)
	{
		case CLAUSE_AS_OF:
			quals = list_make2(query_comparison(start,
												BTLessEqualStrategyNumber,
												from),
							   query_comparison(end, BTGreaterStrategyNumber,
												from));
			if (versioned->history_index == HISTORY_INDEX_GIST)
				quals = lappend(quals, quals_range_qual(start, end, from));
			return quals;
		case CLAUSE_FROM_TO:
			quals = list_make2(query_comparison(start, BTLessStrategyNumber,
												to),
							   query_comparison(end, BTGreaterStrategyNumber,
												from));
			return list_concat(quals,
							   quals_bounds_qual(BTLessStrategyNumber, from,
												   to));
		case CLAUSE_BETWEEN_SYMMETRIC:
			{
				Node	   *least = quals_extreme(IS_LEAST, from, to);

				to = quals_extreme(IS_GREATEST, from, to);
				return list_make2(query_comparison(start,
												   BTLessEqualStrategyNumber,
												   to),
								  query_comparison(end,
												   BTGreaterStrategyNumber,
												   least));
			}
		case CLAUSE_BETWEEN:
			quals = list_make2(query_comparison(start,
												BTLessEqualStrategyNumber,
												to),
							   query_comparison(end, BTGreaterStrategyNumber,
												from));
			return list_concat(quals,
							   quals_bounds_qual(BTLessEqualStrategyNumber,
												   from, to));
		case CLAUSE_CONTAINED_IN:
			return list_make2(query_comparison(start,
											   BTGreaterEqualStrategyNumber,
											   from),
							  query_comparison(end, BTLessEqualStrategyNumber,
											   to));
		case CLAUSE_ALL:
			break;
	}
	return NIL;
}
