/*-------------------------------------------------------------------------
 *
 * query_privilege.c
 *	  Column privileges of a reference whose time stands to its left
 *
 * A time made of columns to the left, FROM o JOIN t FOR SYSTEM_TIME AS OF o.x,
 * needs LATERAL, which TABLESAMPLE does not have.  Its stock form is
 *
 *		LATERAL (SELECT * FROM t TABLESAMPLE temporal.as_of(o.x)) t
 *
 * and that of a clause on a view is
 *
 *		(SELECT * FROM v WHERE temporal.as_of(x)) v
 *
 * whose "*" would ask for the right to read every column.  Reading the past
 * takes the rights that reading the present takes: those on the columns that
 * the query around it uses.  A column that nobody uses is never read, so
 * asking for fewer rights shows nobody anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"

#include "base/compat_query.h"
#include "query/query_ambient.h"

typedef struct UsageContext
{
	Query	   *query;
	Index		rti;
	int			sublevels_up;
	Bitmapset  *used;			/* attribute numbers of rti */
	bool		whole_row;
} UsageContext;

static bool
usage_walker(Node *node, UsageContext *usage)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;
		RangeTblEntry *rte;

		if (var->varlevelsup != usage->sublevels_up)
			return false;
		if (var->varno == usage->rti)
		{
			if (var->varattno <= 0)
				usage->whole_row = true;
			else
				usage->used = bms_add_member(usage->used, var->varattno);
			return false;
		}
		rte = rt_fetch(var->varno, usage->query->rtable);
		if (rte->rtekind == RTE_JOIN)
		{
			int			sublevels_up = usage->sublevels_up;

			if (var->varattno <= 0)
				usage->whole_row = true;
			else
			{
				/* join columns are written as seen from their own query */
				usage->sublevels_up = 0;
				(void) usage_walker(list_nth(rte->joinaliasvars,
											 var->varattno - 1), usage);
				usage->sublevels_up = sublevels_up;
			}
		}
		return false;
	}
	if (IsA(node, Query))
	{
		bool		result;

		usage->sublevels_up++;
		result = query_tree_walker((Query *) node, usage_walker, usage,
								   QTW_IGNORE_JOINALIASES);
		usage->sublevels_up--;
		return result;
	}
	return expression_tree_walker(node, usage_walker, usage);
}

/*
 * Is it SELECT columns FROM one table or view, with one of our clauses?
 */
static bool
privilege_is_plain(Query *subquery)
{
	RangeTblEntry *rte;
	Node	   *quals = subquery->jointree->quals;
	ClauseKind	kind;
	ListCell   *lc;

	if (subquery->commandType != CMD_SELECT ||
		list_length(subquery->rtable) != 1 ||
		list_length(subquery->jointree->fromlist) != 1 ||
		!IsA(linitial(subquery->jointree->fromlist), RangeTblRef) ||
		subquery->setOperations != NULL ||
		subquery->sortClause != NIL || subquery->distinctClause != NIL ||
		subquery->groupClause != NIL || subquery->limitCount != NULL ||
		subquery->limitOffset != NULL || subquery->hasAggs ||
		subquery->hasWindowFuncs || subquery->rowMarks != NIL)
		return false;
	rte = linitial_node(RangeTblEntry, subquery->rtable);
	if (quals != NULL)
	{
		if (!query_ambient_is_marker(quals) || rte->tablesample != NULL ||
			!(rte->rtekind == RTE_RELATION ||
			  (rte->rtekind == RTE_SUBQUERY &&
			   OidIsValid(temporal_expanded_view(rte)))))
			return false;
	}
	else if (rte->rtekind != RTE_RELATION || rte->tablesample == NULL ||
			 !query_clause_kind(rte->tablesample->tsmhandler, &kind))
		return false;
	foreach(lc, subquery->targetList)
	{
		Var		   *var = (Var *) lfirst_node(TargetEntry, lc)->expr;

		if (!IsA(var, Var) || var->varno != 1 || var->varlevelsup != 0 ||
			var->varattno <= 0)
			return false;
	}
	return true;
}

/*
 * Lets the sub-query rti, if it is one of ours, ask for the columns that are
 * used of it.
 */
void
query_narrow_privileges(Query *query, Index rti)
{
	Query	   *subquery = rt_fetch(rti, query->rtable)->subquery;
	RangeTblEntry *rte;
	UsageContext usage = {query, rti, 0, NULL, false};
	Bitmapset **selected;
	Bitmapset  *needed = NULL;
	ListCell   *lc;

	if (!(rt_fetch(rti, query->rtable)->lateral ||
		  subquery->jointree->quals != NULL) ||
		!privilege_is_plain(subquery))
		return;
	(void) query_tree_walker(query, usage_walker, &usage,
							 QTW_IGNORE_JOINALIASES);
	if (usage.whole_row)
		return;
	foreach(lc, subquery->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (bms_is_member(tle->resno, usage.used))
			needed = bms_add_member(needed,
									castNode(Var, tle->expr)->varattno -
									FirstLowInvalidHeapAttributeNumber);
	}
	rte = linitial_node(RangeTblEntry, subquery->rtable);
	if (rte->rtekind == RTE_SUBQUERY)
		rte = temporal_view_entry(rte);
	selected = temporal_selected_columns(subquery, rte);
	*selected = bms_int_members(*selected, needed);
}
