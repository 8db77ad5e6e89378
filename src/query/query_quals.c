/*-------------------------------------------------------------------------
 *
 * query_quals.c
 *	  The comparisons that a clause becomes
 *
 * AS OF t shows what was committed by t (transaction_instant.c):
 *
 *		start <= upper AND end > lower AND temporal.shows(start, end, instant)
 *
 * where upper is t, lower a little less if transactions were in flight at t,
 * and instant knows those.  The two comparisons are there for indexes and for
 * the planner; a constant t that is settled, nearly every one in practice, is
 * resolved as the statement is planned, and shows() is left out if nothing was
 * in flight.
 *
 * A time is evaluated once an execution: anything but a constant as InitPlans,
 * (SELECT temporal.instant_upper(x, t)) and so on, so that no row pays for it.
 * A time made of columns of other tables stays an expression over them, so
 * that it can drive an index scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "query/query_rewrite.h"
#include "time/transaction_instant.h"

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
 * A time or bound of a clause, checked for being a constant.  One that is
 * volatile becomes WITH temporal_time_N AS MATERIALIZED (SELECT expr): several
 * InitPlans ask for it, which must not compute it anew.
 */
typedef struct QualsTime
{
	Node	   *expr;			/* with eval_const_expressions() */
	CommonTableExpr *cte;		/* where a volatile one is; else NULL */
	int			position;
} QualsTime;

static Query *
quals_select(Expr *expr)
{
	Query	   *select = makeNode(Query);

	select->commandType = CMD_SELECT;
	select->querySource = QSRC_ORIGINAL;
	select->canSetTag = true;
	select->targetList = list_make1(makeTargetEntry(expr, 1, pstrdup("time"),
													false));
	select->jointree = makeFromExpr(NIL, NULL);
	return select;
}

static CommonTableExpr *
quals_make_cte(Query *query, Node *expr)
{
	CommonTableExpr *cte = makeNode(CommonTableExpr);
	Query	   *select;

	expr = copyObject(expr);
	IncrementVarSublevelsUp(expr, 1, 0);
	select = quals_select((Expr *) expr);
	select->hasSubLinks = checkExprHasSubLink(expr);
	cte->ctename = psprintf("temporal_time_%d",
							list_length(query->cteList) + 1);
	cte->ctematerialized = CTEMaterializeAlways;
	cte->ctequery = (Node *) select;
	cte->location = -1;
	cte->cterefcount = 1;
	cte->ctecolnames = list_make1(makeString(pstrdup("time")));
	cte->ctecoltypes = list_make1_oid(TIMESTAMPTZOID);
	cte->ctecoltypmods = list_make1_int(-1);
	cte->ctecolcollations = list_make1_oid(InvalidOid);
	query->cteList = lappend(query->cteList, cte);
	return cte;
}

static QualsTime
quals_time(Query *query, Node *expr, RewriteContext *context)
{
	QualsTime	time = {0};

	time.position = rewrite_position(context, exprLocation(expr));
	time.expr = eval_const_expressions(rewrite_root(context), expr);
	if (IsA(time.expr, Const))
	{
		if (((Const *) time.expr)->constisnull)
			query_refuse_null_time(time.position);
	}
	else if (!contains_any_var_walker(time.expr, NULL) &&
			 contain_volatile_functions(time.expr))
		time.cte = quals_make_cte(query, time.expr);
	return time;
}

/*
 * Does the time depend on columns of other tables?
 */
static bool
quals_time_varies(const QualsTime *time)
{
	return contains_any_var_walker(time->expr, NULL);
}

/*
 * function(time), or function(time, relation) if there is one
 */
static Expr *
quals_call(ExtensionFunction function, Oid result, Node *time,
		   const VersionedRelation *relation)
{
	List	   *args = list_make1(time);

	if (relation)
		args = lappend(args,
					   makeConst(REGCLASSOID, -1, InvalidOid, sizeof(Oid),
								 ObjectIdGetDatum(relation->relid), false,
								 true));
	return (Expr *) makeFuncExpr(extension_function(function), result, args,
								 InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/*
 * (SELECT function(time, relation)): an InitPlan, evaluated once an execution
 */
static Node *
quals_once(Query *query, const QualsTime *time, ExtensionFunction function,
		   Oid result, const VersionedRelation *relation)
{
	SubLink    *sublink = makeNode(SubLink);
	Query	   *select;

	if (time->cte == NULL)
	{
		Node	   *expr = copyObject(time->expr);

		IncrementVarSublevelsUp(expr, 1, 0);
		select = quals_select(quals_call(function, result, expr, relation));
		select->hasSubLinks = checkExprHasSubLink(expr);
	}
	else
	{
		RangeTblEntry *rte = makeNode(RangeTblEntry);
		RangeTblRef *rtr = makeNode(RangeTblRef);
		Node	   *var = (Node *) makeVar(1, 1, TIMESTAMPTZOID, -1,
										   InvalidOid, 0);

		rte->rtekind = RTE_CTE;
		rte->ctename = time->cte->ctename;
		rte->ctelevelsup = 1;
		rte->coltypes = list_make1_oid(TIMESTAMPTZOID);
		rte->coltypmods = list_make1_int(-1);
		rte->colcollations = list_make1_oid(InvalidOid);
		rte->eref = makeAlias(time->cte->ctename,
							  copyObject(time->cte->ctecolnames));
		rte->inFromCl = true;
		rtr->rtindex = 1;
		select = quals_select(quals_call(function, result, var, relation));
		select->rtable = list_make1(rte);
		select->jointree = makeFromExpr(list_make1(rtr), NULL);
	}

	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) select;
	sublink->location = -1;
	query->hasSubLinks = true;
	return (Node *) sublink;
}

/*
 * A bound of a range
 */
static Node *
quals_bound(Query *query, Node *expr, RewriteContext *context)
{
	QualsTime	time = quals_time(query, expr, context);

	/* of other tables' columns: NULL matches no version, as in any join */
	if (IsA(time.expr, Const) || quals_time_varies(&time))
		return time.expr;
	return quals_once(query, &time, FUNCTION_CLAUSE_BOUND, TIMESTAMPTZOID,
					  NULL);
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
 * tstzrange(start, end) && tstzrange(lower, upper, '[]'), for an index on just
 * that
 */
static Node *
quals_range_qual(Node *start, Node *end, Node *lower, Node *upper)
{
	FuncExpr   *range = makeFuncExpr(F_TSTZRANGE_TIMESTAMPTZ_TIMESTAMPTZ,
									 TSTZRANGEOID,
									 list_make2(copyObject(start),
												copyObject(end)),
									 InvalidOid, InvalidOid,
									 COERCE_EXPLICIT_CALL);
	FuncExpr   *instant;

	if (equal(lower, upper))
		return (Node *) make_opclause(OID_RANGE_CONTAINS_ELEM_OP, BOOLOID,
									  false, (Expr *) range,
									  (Expr *) copyObject(upper),
									  InvalidOid, InvalidOid);
	instant = makeFuncExpr(F_TSTZRANGE_TIMESTAMPTZ_TIMESTAMPTZ_TEXT,
						   TSTZRANGEOID,
						   list_make3(copyObject(lower), copyObject(upper),
									  makeConst(TEXTOID, -1,
												DEFAULT_COLLATION_OID, -1,
												CStringGetTextDatum("[]"),
												false, false)),
						   InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	return (Node *) make_opclause(OID_RANGE_OVERLAP_OP, BOOLOID, false,
								  (Expr *) range, (Expr *) instant,
								  InvalidOid, InvalidOid);
}

static Node *
quals_time_const(TimestampTz t)
{
	return (Node *) makeConst(TIMESTAMPTZOID, -1, InvalidOid,
							  sizeof(TimestampTz), TimestampTzGetDatum(t),
							  false, FLOAT8PASSBYVAL);
}

/*
 * start <= upper AND end > lower, which leaves what the instant does not show
 * only if transactions were in flight; shows, unless it is NULL, knows those.
 */
static List *
quals_instant(Node *start, Node *end, Node *lower, Node *upper, Node *shows,
			  const VersionedRelation *versioned)
{
	List	   *quals = list_make2(query_comparison(start,
													BTLessEqualStrategyNumber,
													upper),
								   query_comparison(end,
													BTGreaterStrategyNumber,
													lower));

	if (versioned->history_index == HISTORY_INDEX_GIST)
		quals = lappend(quals, quals_range_qual(start, end, lower, upper));
	if (shows != NULL)
		quals = lappend(quals, shows);
	return quals;
}

static Node *
quals_shows(Node *start, Node *end, Node *instant)
{
	return (Node *)
		makeFuncExpr(extension_function(FUNCTION_SHOWS), BOOLOID,
					 list_make3(copyObject(start), copyObject(end), instant),
					 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/*
 * AS OF an instant that no transaction can change any more: as it is now
 */
static List *
quals_settled(Node *start, Node *end, const TransactionInstant *instant,
			  const VersionedRelation *versioned)
{
	Node	   *shows = NULL;

	if (instant->nflight > 0)
		shows = quals_shows(start, end,
							(Node *) makeConst(TIMESTAMPTZARRAYOID, -1,
											   InvalidOid, -1,
											   query_instant_datum(instant),
											   false, false));
	return quals_instant(start, end, quals_time_const(instant->lower),
						 quals_time_const(instant->upper), shows, versioned);
}

/*
 * AS OF by the stored period (temporal.as_of_mode = period): start <= t and
 * end > t
 */
static List *
quals_as_of_period(Query *query, Node *start, Node *end,
				   const QualsTime *time, const VersionedRelation *versioned)
{
	Node	   *t;

	if (IsA(time->expr, Const))
		t = time->expr;
	else if (quals_time_varies(time))
		t = (Node *) quals_call(FUNCTION_COLUMN_TIME, TIMESTAMPTZOID,
								time->expr, versioned);

	/* a parameter is at hand: an InitPlan would cost more than it saves */
	else if (IsA(time->expr, Param) &&
			 ((Param *) time->expr)->paramkind == PARAM_EXTERN)
		t = (Node *) quals_call(FUNCTION_CLAUSE_TIME, TIMESTAMPTZOID,
								time->expr, versioned);
	else
		t = quals_once(query, time, FUNCTION_CLAUSE_TIME, TIMESTAMPTZOID,
					   versioned);
	return quals_instant(start, end, t, t, NULL, versioned);
}

/*
 * Notes that the time was checked now, and has to be again (query_plan.c).
 */
static void
quals_note_resolved(TimestampTz lower, TimestampTz upper,
					const VersionedRelation *versioned,
					RewriteContext *context)
{
	QueryResolved *resolved = palloc(sizeof(QueryResolved));

	resolved->history = versioned->history;
	resolved->lower = lower;
	resolved->upper = upper;
	context->resolved = lappend(context->resolved, resolved);
}

static List *
quals_as_of(Query *query, Node *start, Node *end, Node *expr,
			const VersionedRelation *versioned, RewriteContext *context)
{
	QualsTime	time = quals_time(query, expr, context);
	Node	   *lower;
	Node	   *upper;
	Node	   *shows;

	if (IsA(time.expr, Const))
	{
		Const	   *value = (Const *) time.expr;
		TimestampTz t = query_check_time(DatumGetTimestampTz(value->constvalue),
										 versioned, time.position);
		const TransactionInstant *instant = NULL;

		value->constvalue = TimestampTzGetDatum(t);
		if (temporal_as_of_mode == AS_OF_MODE_COMMIT)
			instant = transaction_instant_settled(t);
		else
			quals_note_resolved(t, t, versioned, context);
		if (instant != NULL)
		{
			instant = query_check_instant(t, instant, versioned,
										  time.position);
			quals_note_resolved(instant->lower, instant->upper, versioned,
								context);
			return quals_settled(start, end, instant, versioned);
		}
	}
	if (temporal_as_of_mode == AS_OF_MODE_PERIOD)
		return quals_as_of_period(query, start, end, &time, versioned);

	if (quals_time_varies(&time))
	{
		lower = (Node *) quals_call(FUNCTION_COLUMN_LOWER, TIMESTAMPTZOID,
									copyObject(time.expr), versioned);
		upper = (Node *) quals_call(FUNCTION_COLUMN_UPPER, TIMESTAMPTZOID,
									copyObject(time.expr), versioned);
		shows = quals_shows(start, end,
							(Node *) quals_call(FUNCTION_COLUMN_INSTANT,
												TIMESTAMPTZARRAYOID,
												copyObject(time.expr),
												versioned));
	}
	else
	{
		lower = quals_once(query, &time, FUNCTION_INSTANT_LOWER,
						   TIMESTAMPTZOID, versioned);
		upper = quals_once(query, &time, FUNCTION_INSTANT_UPPER,
						   TIMESTAMPTZOID, versioned);
		shows = quals_shows(start, end,
							quals_once(query, &time, FUNCTION_INSTANT,
									   TIMESTAMPTZARRAYOID, versioned));
	}
	return quals_instant(start, end, lower, upper, shows, versioned);
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
 * Stock grammar wants an argument where there is nothing to say.
 */
static void
quals_check_all(Node *arg, RewriteContext *context)
{
	int			position = rewrite_position(context, exprLocation(arg));

	if (IsA(arg, Const) && !((Const *) arg)->constisnull &&
		DatumGetBool(((Const *) arg)->constvalue))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument of %s must be the constant %s",
					"temporal.all_versions", "true"),
			 errhint("A reference without the clause is the current table."),
			 position > 0 ? errposition(position) : 0));
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
	{
		quals_check_all(linitial(args), context);
		return NIL;
	}
	if (kind == CLAUSE_AS_OF)
		return quals_as_of(query, start, end, linitial(args), versioned,
						   context);
	from = quals_bound(query, linitial(args), context);
	to = quals_bound(query, lsecond(args), context);

	switch (kind)
	{
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
		case CLAUSE_AS_OF:
		case CLAUSE_ALL:
			break;
	}
	return NIL;
}
