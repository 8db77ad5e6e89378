/*-------------------------------------------------------------------------
 *
 * query_grouping.c
 *	  GROUP BY a key that is none at several times
 *
 * Parse analysis lets a query that groups by a table's primary key use the
 * other columns ungrouped, since they depend on the key (SQL:2011 part 2,
 * 4.18).  So they do as of one time; over a range of times a key has many
 * versions, and the query has no one answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "query/query_rewrite.h"

typedef struct GroupingContext
{
	Index		rti;
	List	   *grouped;		/* expressions of GROUP BY */
	Var		   *ungrouped;		/* found */
} GroupingContext;

static bool
grouping_walker(Node *node, GroupingContext *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref) || IsA(node, GroupingFunc) || IsA(node, Query) ||
		list_member(context->grouped, node))
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varno == context->rti && var->varlevelsup == 0)
			context->ungrouped = var;
		return context->ungrouped != NULL;
	}
	return expression_tree_walker(node, grouping_walker, context);
}

void
query_check_grouping(Query *query, Index rti, RewriteContext *rewrite)
{
	GroupingContext context = {rti, NIL, NULL};
	RangeTblEntry *rte = rt_fetch(rti, query->rtable);
	int			position;

	if (query->groupClause == NIL || query->constraintDeps == NIL)
		return;
	context.grouped = get_sortgrouplist_exprs(query->groupClause,
											  query->targetList);
	if (!grouping_walker((Node *) query->targetList, &context) &&
		!grouping_walker(query->havingQual, &context))
		return;

	position = rewrite_position(rewrite, context.ungrouped->location);
	ereport(ERROR,
			(errcode(ERRCODE_GROUPING_ERROR),
			 errmsg("column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function",
					rte->eref->aliasname,
					context.ungrouped->varattno > 0 ?
					get_attname(rte->relid, context.ungrouped->varattno,
								false) : "*"),
			 errdetail("The primary key identifies a row as of one time, not its versions."),
			 position > 0 ? errposition(position) : 0));
}
