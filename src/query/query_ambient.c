/*-------------------------------------------------------------------------
 *
 * query_ambient.c
 *	  Clauses that come from outside the references they apply to
 *
 * A marker in the WHERE of a query,
 *
 *		(SELECT * FROM v WHERE temporal.as_of(x)) a
 *
 * is FOR SYSTEM_TIME AS OF x for every system-versioned table in that query's
 * FROM that has no clause of its own: in sub-queries, views, its own WITH
 * queries, functions that are inlined.  It is how a clause is attached to a
 * view, which takes no TABLESAMPLE.  The planner hook runs when views have
 * become sub-queries; query_rewrite.c's walk then gives each such reference
 * the TABLESAMPLE it would have had, and goes on as if it had been written.
 *
 * SCOPE		A clause is in force from query_ambient_enter() of its query to
 *				query_ambient_leave(); the innermost one counts.  What stands
 *				in that query beside its FROM, a sub-select in its SELECT list,
 *				is not meant, and neither is a WITH query of a query around it.
 * THE TIME		belongs to the query with the marker and is copied to the
 *				references, with the levels of its outer references raised.
 *				It cannot refer to that query's own columns, of which it
 *				decides which there are.
 * ONCE			What is volatile must not be computed by each reference, nor
 *				for each row what a security barrier view hides: the number of
 *				calls would tell of it.  Such a time becomes a WITH query of
 *				the query with the marker, and the references read that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

#include "base/compat_query.h"
#include "catalog/versioned_cache.h"
#include "query/query_ambient.h"

bool
query_ambient_is_marker(const Node *qual)
{
	const FuncExpr *call = (const FuncExpr *) qual;
	ClauseKind	kind;

	return IsA(qual, FuncExpr) && call->funcid >= FirstNormalObjectId &&
		query_clause_kind_marked(call->funcid, &kind);
}

static bool
ambient_marker_walker(Node *node, RewriteContext *context)
{
	if (node == NULL)
		return false;
	if (query_ambient_is_marker(node))
		query_refuse_marker(rewrite_position(context,
											 ((FuncExpr *) node)->location));
	return expression_tree_walker(node, ambient_marker_walker, context);
}

/*
 * The condition without the markers in it, which are appended to *markers.
 * One below OR or NOT is refused here, since true OR marker is just true.
 */
static Node *
ambient_take(Node *qual, List **markers, RewriteContext *context)
{
	List	   *rest = NIL;
	ListCell   *lc;

	if (query_ambient_is_marker(qual))
	{
		*markers = lappend(*markers, qual);
		return NULL;
	}
	if (!IsA(qual, BoolExpr))
		return qual;
	if (!is_andclause(qual))
	{
		(void) ambient_marker_walker(qual, context);
		return qual;
	}
	foreach(lc, ((BoolExpr *) qual)->args)
	{
		Node	   *arg = ambient_take(lfirst(lc), markers, context);

		if (arg != NULL)
			rest = lappend(rest, arg);
	}
	if (list_length(rest) <= 1)
		return rest == NIL ? NULL : linitial(rest);
	((BoolExpr *) qual)->args = rest;
	return qual;
}

/*
 * Does it read columns, also in a sub-select of its own?
 */
static bool
ambient_column_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, ambient_column_walker,
								 context, 0);
	return expression_tree_walker(node, ambient_column_walker, context);
}

/*
 * (SELECT column FROM the WITH query), as seen from the query it belongs to
 */
static Node *
ambient_reference(CommonTableExpr *cte, int column)
{
	Query	   *select = makeNode(Query);
	SubLink    *sublink = makeNode(SubLink);
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *rtr = makeNode(RangeTblRef);

	rte->rtekind = RTE_CTE;
	rte->ctename = cte->ctename;
	rte->ctelevelsup = 1;
	rte->coltypes = list_copy(cte->ctecoltypes);
	rte->coltypmods = list_copy(cte->ctecoltypmods);
	rte->colcollations = list_copy(cte->ctecolcollations);
	rte->eref = makeAlias(cte->ctename, copyObject(cte->ctecolnames));
	rte->inFromCl = true;
	rtr->rtindex = 1;

	select->commandType = CMD_SELECT;
	select->querySource = QSRC_ORIGINAL;
	select->canSetTag = true;
	select->rtable = list_make1(rte);
	select->jointree = makeFromExpr(list_make1(rtr), NULL);
	select->targetList =
		list_make1(makeTargetEntry((Expr *)
								   makeVar(1, column,
										   list_nth_oid(cte->ctecoltypes,
														column - 1),
										   -1, InvalidOid, 0),
								   1, pstrdup("time"), false));

	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) select;
	sublink->location = -1;
	return (Node *) sublink;
}

/*
 * WITH temporal_clause AS MATERIALIZED (SELECT arg1, arg2): the arguments are
 * computed once, and become references to that.
 */
static void
ambient_compute_once(AmbientClause *clause)
{
	CommonTableExpr *cte = makeNode(CommonTableExpr);
	Query	   *select = makeNode(Query);
	List	   *references = NIL;
	ListCell   *lc;

	IncrementVarSublevelsUp((Node *) clause->args, 1, 0);
	select->commandType = CMD_SELECT;
	select->querySource = QSRC_ORIGINAL;
	select->canSetTag = true;
	select->hasSubLinks = checkExprHasSubLink((Node *) clause->args);
	select->jointree = makeFromExpr(NIL, NULL);

	cte->ctename = psprintf("temporal_clause_%d",
							list_length(clause->query->cteList) + 1);
	cte->ctematerialized = CTEMaterializeAlways;
	cte->ctequery = (Node *) select;
	cte->location = -1;
	cte->cterefcount = list_length(clause->args);

	foreach(lc, clause->args)
	{
		int			column = foreach_current_index(lc) + 1;
		char	   *name = psprintf("time_%d", column);
		Oid			type = exprType(lfirst(lc));

		select->targetList =
			lappend(select->targetList,
					makeTargetEntry(lfirst(lc), column, name, false));
		cte->ctecolnames = lappend(cte->ctecolnames, makeString(name));
		cte->ctecoltypes = lappend_oid(cte->ctecoltypes, type);
		cte->ctecoltypmods = lappend_int(cte->ctecoltypmods, -1);
		cte->ctecolcollations = lappend_oid(cte->ctecolcollations,
											InvalidOid);
	}
	for (int column = 1; column <= list_length(clause->args); column++)
		references = lappend(references, ambient_reference(cte, column));

	/* in front: other WITH queries of the query may refer to it */
	clause->query->cteList = lcons(cte, clause->query->cteList);
	clause->args = references;
	clause->leaky = false;
}

/*
 * A time that is more than a column of a query around this one: computing it
 * takes calls that somebody can count.
 */
static bool
ambient_is_leaky(List *args)
{
	ListCell   *lc;

	foreach(lc, args)
	{
		if (!IsA(lfirst(lc), Var) && ambient_column_walker(lfirst(lc), NULL))
			return true;
	}
	return false;
}

bool
query_ambient_take(Query *query, AmbientClause *clause,
				   RewriteContext *context)
{
	List	   *markers = NIL;
	FuncExpr   *marker;

	query->jointree->quals = ambient_take(query->jointree->quals, &markers,
										  context);
	if (markers == NIL)
		return false;
	marker = linitial(markers);
	memset(clause, 0, sizeof(AmbientClause));
	(void) query_clause_kind_marked(marker->funcid, &clause->kind);
	clause->args = marker->args;
	clause->query = query;
	clause->depth = context->depth;
	clause->position = rewrite_position(context, marker->location);

	if (list_length(markers) > 1)
	{
		int			position =
			rewrite_position(context,
							 ((FuncExpr *) lsecond(markers))->location);

		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("only one FOR SYSTEM_TIME clause is allowed for a sub-select"),
				 position > 0 ? errposition(position) : 0));
	}
	if (query->commandType != CMD_SELECT || query->hasModifyingCTE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("FOR SYSTEM_TIME is not allowed in the WHERE of a statement that writes"),
				 errhint("Write FROM (SELECT * FROM v WHERE temporal.as_of(x)) AS v."),
				 clause->position > 0 ? errposition(clause->position) : 0));
	if (contain_vars_of_level((Node *) clause->args, 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("time of FOR SYSTEM_TIME cannot be a column of what it is a clause of"),
				 clause->position > 0 ? errposition(clause->position) : 0));
	return true;
}

void
query_ambient_enter(AmbientClause *clause, RewriteContext *context)
{
	clause->outer = context->ambient;
	context->ambient = clause;
	if (contain_volatile_functions((Node *) clause->args))
		ambient_compute_once(clause);
	else
		clause->leaky = ambient_is_leaky(clause->args);
}

/*
 * 42809: there was nothing to apply the clause to.
 */
static void
ambient_refuse_nothing(AmbientClause *clause)
{
	List	   *from = clause->query->jointree->fromlist;
	int			position = clause->position;
	const char *view = NULL;

	if (list_length(from) == 1 && IsA(linitial(from), RangeTblRef))
	{
		RangeTblRef *rtr = linitial(from);
		RangeTblEntry *rte = rt_fetch(rtr->rtindex, clause->query->rtable);

		if (rte->rtekind == RTE_RELATION)
			(void) versioned_cache_require(rte->relid, position);
		if (rte->rtekind == RTE_SUBQUERY &&
			OidIsValid(temporal_expanded_view(rte)))
			view = get_rel_name(temporal_expanded_view(rte));
	}
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 view ? errmsg("view \"%s\" reads no system-versioned table", view) :
			 errmsg("sub-select with FOR SYSTEM_TIME reads no system-versioned table"),
			 view ? errhint("The clause applies to the tables that view \"%s\" reads: ALTER TABLE ... ADD SYSTEM VERSIONING starts the history of one.",
							view) : 0,
			 position > 0 ? errposition(position) : 0));
}

void
query_ambient_leave(AmbientClause *clause, RewriteContext *context)
{
	if (!clause->found)
		ambient_refuse_nothing(clause);
	context->ambient = clause->outer;
	if (clause->outer != NULL)
		clause->outer->found = true;
}

void
query_ambient_enter_barrier(RewriteContext *context)
{
	if (context->ambient->leaky)
		ambient_compute_once(context->ambient);
}

/*
 * Is the entry a reference?  Rules leave entries that are none.
 */
static bool
ambient_is_joined(Node *jtnode, Index rti)
{
	ListCell   *lc;

	if (jtnode == NULL)
		return false;
	if (IsA(jtnode, RangeTblRef))
		return ((RangeTblRef *) jtnode)->rtindex == rti;
	if (IsA(jtnode, JoinExpr))
		return ambient_is_joined(((JoinExpr *) jtnode)->larg, rti) ||
			ambient_is_joined(((JoinExpr *) jtnode)->rarg, rti);
	foreach(lc, castNode(FromExpr, jtnode)->fromlist)
	{
		if (ambient_is_joined(lfirst(lc), rti))
			return true;
	}
	return false;
}

void
query_ambient_apply(Query *query, Index rti, RewriteContext *context)
{
	AmbientClause *clause = context->ambient;
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	const VersionedRelation *versioned;
	ClauseKind	kind;
	TableSampleClause *sample;

	if (rte->relid < FirstNormalObjectId ||
		(rte->relkind != RELKIND_RELATION &&
		 rte->relkind != RELKIND_PARTITIONED_TABLE))
		return;
	versioned = versioned_cache_get(rte->relid);
	if (versioned == NULL || !OidIsValid(versioned->history) ||
		!ambient_is_joined((Node *) query->jointree, rti))
		return;

	clause->found = true;
	if (rte->tablesample &&
		query_clause_kind(rte->tablesample->tsmhandler, &kind))
		return;
	if (rte->tablesample)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("TABLESAMPLE of table \"%s\" cannot be combined with FOR SYSTEM_TIME",
						get_rel_name(rte->relid)),
				 errdetail("A sample is taken from the pages of the table, which are not those of its history."),
				 clause->query == NULL ?
				 errhint("The clause is that of the session: RESET temporal.as_of ends it.") : 0));

	if (clause->query == NULL && !query_session_covers(clause, query, rti))
		return;
	sample = makeNode(TableSampleClause);
	sample->tsmhandler = query_clause_handler(clause->kind);
	sample->args = copyObject(clause->args);
	if (clause->query != NULL)
		IncrementVarSublevelsUp((Node *) sample->args,
								context->depth - clause->depth, 0);
	if (checkExprHasSubLink((Node *) sample->args))
		query->hasSubLinks = true;
	rte->tablesample = sample;
	clause->applied = true;
}
