/*-------------------------------------------------------------------------
 *
 * query_plan.c
 *	  What plans of temporal references get beyond PostgreSQL's own
 *
 * One thing: every scan of a history relation under an AS OF (or a range)
 * that does not depend on other tables' columns is put behind a one-time
 * filter, temporal.history_reaches(history, t).  A time after the last change
 * then reads no history page, whichever path the planner chose.
 *
 * The filter is a pseudoconstant qual, added when the paths have been made
 * and before a plan is made of one: PostgreSQL turns it into a gating Result
 * node.  It belongs to the history alone, which is why it cannot be a qual of
 * the whole reference.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"

#include "base/compat.h"
#include "catalog/extension_objects.h"
#include "query/query.h"

static set_rel_pathlist_hook_type prev_set_rel_pathlist_hook = NULL;

static void query_set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel,
								   Index rti, RangeTblEntry *rte);

void
query_plan_init(void)
{
	prev_set_rel_pathlist_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = query_set_rel_pathlist;
}

/*
 * The lower bound that a version's end must be above, from the predicate
 * among the relation's quals; NULL if there is none.
 */
static Expr *
query_lower_bound(RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		FuncExpr   *call = (FuncExpr *) rinfo->clause;
		Oid			function;

		if (!IsA(call, FuncExpr))
			continue;
		function = call->funcid;
		if (function == extension_function(FUNCTION_VERSION_AS_OF) ||
			function == extension_function(FUNCTION_VERSION_FROM_TO) ||
			function == extension_function(FUNCTION_VERSION_BETWEEN) ||
			function == extension_function(FUNCTION_VERSION_CONTAINED_IN))
		{
			Expr	   *bound = list_nth(call->args, 2);

			if (IsA(bound, Const) || IsA(bound, Param))
				return bound;
		}
	}
	return NULL;
}

static void
query_set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
					   RangeTblEntry *rte)
{
	Expr	   *bound;
	Expr	   *call;
	RestrictInfo *gate;
	ListCell   *lc;

	if (prev_set_rel_pathlist_hook)
		prev_set_rel_pathlist_hook(root, rel, rti, rte);

	if (rel->reloptkind != RELOPT_OTHER_MEMBER_REL ||
		rte->rtekind != RTE_RELATION || !query_plan_reads_history(rte->relid))
		return;
	bound = query_lower_bound(rel);
	if (bound == NULL)
		return;

	call = (Expr *)
		makeFuncExpr(extension_function(FUNCTION_HISTORY_REACHES), BOOLOID,
					 list_make2(makeConst(REGCLASSOID, -1, InvalidOid, sizeof(Oid),
										  ObjectIdGetDatum(rte->relid), false,
										  true),
								copyObject(bound)),
					 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	gate = temporal_make_pseudoconstant(root, call);

	/* Index scans take their quals from a list of their own */
	rel->baserestrictinfo = lappend(rel->baserestrictinfo, gate);
	foreach(lc, rel->indexlist)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);

		if (index->indrestrictinfo != rel->baserestrictinfo)
			index->indrestrictinfo = lappend(list_copy(index->indrestrictinfo),
											 gate);
	}
	root->hasPseudoConstantQuals = true;
}
