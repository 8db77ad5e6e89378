/*-------------------------------------------------------------------------
 *
 * query_plan.c
 *	  What plans of temporal references get beyond PostgreSQL's own
 *
 * What is done when the paths of a relation have been made and before a plan
 * is made of one:
 *
 * THE GATE
 *		Every scan of a history relation whose rows must end after a time that
 *		does not depend on other tables' columns is put behind a one-time
 *		filter, temporal.history_reaches(history, t).  A time after the last
 *		change then reads no history page, whichever path the planner chose.
 *		PostgreSQL turns the pseudoconstant qual into a gating Result node.
 *		It belongs to the history alone, which is why it cannot be a qual of
 *		the whole reference.
 *
 *		A time that was resolved to constants was also checked then, against
 *		where the history starts.  Versions may go between that and the
 *		execution, which sees what is left; so the gate of such a scan has
 *		another argument, and looks again.  Where temporal.allow_truncated_history
 *		is on, the answer is then no rows, current ones neither: the scan of
 *		the current rows has the gate, too.  Plans do not outlive a change of
 *		that setting.
 *
 * THE END OF A CURRENT ROW
 *		is infinity, so that "sys_end > t" need not be asked of current rows
 *		for any t that is known to be finite, and where "sys_end < t" is asked
 *		for, they need not be read.
 *
 * A SCAN
 *		that looks for the period at the end of rows: history_heap_plan.c.
 *
 * SEGMENTS
 *		of a history are read with it, also where it is read directly:
 *		history_scan_plan.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/timestamp.h"

#include "base/compat_query.h"
#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "catalog/segment_table.h"
#include "history/history_heap.h"
#include "history/history_scan.h"
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
 * temporal.clause_time($n, ...)?
 */
static bool
query_is_clause_time(Expr *expr)
{
	return IsA(expr, FuncExpr) &&
		((FuncExpr *) expr)->funcid == extension_function(FUNCTION_CLAUSE_TIME) &&
		IsA(linitial(((FuncExpr *) expr)->args), Param);
}

/*
 * The value that the relation's rows must end after, from its quals; NULL if
 * there is none that is known once an execution.
 */
static Expr *
query_lower_bound(RelOptInfo *rel, AttrNumber end_attno)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		Expr	   *clause = lfirst_node(RestrictInfo, lc)->clause;

		if (query_is_comparison((Node *) clause, BTGreaterStrategyNumber,
								rel->relid, end_attno))
		{
			Expr	   *bound = lsecond(((OpExpr *) clause)->args);

			if (IsA(bound, Const) || IsA(bound, Param) ||
				query_is_clause_time(bound))
				return bound;
		}
	}
	return NULL;
}

/*
 * Index scans take their quals from lists of their own, unless those are the
 * relation's.
 */
static void
query_set_quals(RelOptInfo *rel, List *quals, RestrictInfo *added,
				RestrictInfo *removed)
{
	ListCell   *lc;

	foreach(lc, rel->indexlist)
	{
		IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);

		if (index->indrestrictinfo == rel->baserestrictinfo)
			index->indrestrictinfo = quals;
		else if (added)
			index->indrestrictinfo = lappend(list_copy(index->indrestrictinfo),
											 added);
		else
			index->indrestrictinfo =
				list_delete_ptr(list_copy(index->indrestrictinfo), removed);
	}
	rel->baserestrictinfo = quals;
}

/*
 * The other end of an AS OF that was resolved as the statement was planned,
 * to lower and this; NULL if that is not what it is.
 */
static Const *
query_resolved_upper(RelOptInfo *rel, AttrNumber start_attno, Oid history,
					 Expr *lower)
{
	ListCell   *lc;

	if (!IsA(lower, Const) || ((Const *) lower)->constisnull)
		return NULL;
	foreach(lc, rel->baserestrictinfo)
	{
		Expr	   *clause = lfirst_node(RestrictInfo, lc)->clause;
		Const	   *upper;

		if (!query_is_comparison((Node *) clause, BTLessEqualStrategyNumber,
								 rel->relid, start_attno))
			continue;
		upper = lsecond(((OpExpr *) clause)->args);
		if (IsA(upper, Const) && !upper->constisnull &&
			query_is_resolved(history,
							  DatumGetTimestampTz(((Const *) lower)->constvalue),
							  DatumGetTimestampTz(upper->constvalue)))
			return upper;
	}
	return NULL;
}

/*
 * Puts temporal.history_reaches(history, lower), or with upper what looks again
 * whether the instant is there, above the scans of the relation.
 */
static void
query_add_gate(PlannerInfo *root, RelOptInfo *rel, Oid history, Expr *lower,
			   Const *upper)
{
	ExtensionFunction function = FUNCTION_HISTORY_REACHES;
	List	   *args = list_make2(makeConst(REGCLASSOID, -1, InvalidOid,
											sizeof(Oid),
											ObjectIdGetDatum(history), false,
											true), lower);
	RestrictInfo *gate;

	if (upper != NULL)
	{
		function = temporal_allow_truncated_history ?
			FUNCTION_HISTORY_WARNS : FUNCTION_HISTORY_HOLDS;
		args = lappend(args, copyObject(upper));
	}
	gate = temporal_make_pseudoconstant(root,
										(Expr *) makeFuncExpr(extension_function(function),
															  BOOLOID, args,
															  InvalidOid,
															  InvalidOid,
															  COERCE_EXPLICIT_CALL));
	query_set_quals(rel, lappend(list_copy(rel->baserestrictinfo), gate),
					gate, NULL);
	root->hasPseudoConstantQuals = true;
}

static void
query_gate_history(PlannerInfo *root, RelOptInfo *rel,
				   const QueryTable *table)
{
	Expr	   *bound = query_lower_bound(rel, table->history_end_attno);

	if (bound != NULL)
		query_add_gate(root, rel, table->history, copyObject(bound),
					   query_resolved_upper(rel, table->history_start_attno,
											table->history, bound));
}

/*
 * The gate of current rows: whatever their history reaches beyond, they are
 * there.
 */
static void
query_gate_current(PlannerInfo *root, RelOptInfo *rel,
				   const VersionedRelation *versioned)
{
	Expr	   *bound = query_lower_bound(rel, versioned->end_attno);
	Const	   *upper;

	if (bound == NULL || !temporal_allow_truncated_history)
		return;
	upper = query_resolved_upper(rel, versioned->start_attno,
								 versioned->history, bound);
	if (upper != NULL)
		query_add_gate(root, rel, versioned->history,
					   (Expr *) makeConst(TIMESTAMPTZOID, -1, InvalidOid,
										  sizeof(TimestampTz),
										  TimestampTzGetDatum(DT_NOBEGIN),
										  false, FLOAT8PASSBYVAL), upper);
}

/*
 * Is the value finite, and not null, whenever it is evaluated?  A constant can
 * be looked at; functions of ours answer so, in an initplan.
 */
static bool
query_is_finite(PlannerInfo *root, Node *value)
{
	if (IsA(value, Const))
		return !((Const *) value)->constisnull &&
			!TIMESTAMP_IS_NOEND(DatumGetTimestampTz(((Const *) value)->constvalue));
	if (query_is_clause_time((Expr *) value))
		return true;
	if (!IsA(value, Param) || ((Param *) value)->paramkind != PARAM_EXEC)
		return false;

	for (PlannerInfo *r = root; r != NULL; r = r->parent_root)
	{
		ListCell   *lc;

		foreach(lc, r->init_plans)
		{
			SubPlan    *initplan = lfirst_node(SubPlan, lc);
			Plan	   *plan;
			FuncExpr   *call;

			if (!list_member_int(initplan->setParam,
								 ((Param *) value)->paramid))
				continue;
			plan = list_nth(root->glob->subplans, initplan->plan_id - 1);
			if (list_length(plan->targetlist) != 1)
				return false;
			call = (FuncExpr *) linitial_node(TargetEntry,
											  plan->targetlist)->expr;
			return IsA(call, FuncExpr) &&
				(call->funcid == extension_function(FUNCTION_CLAUSE_TIME) ||
				 call->funcid == extension_function(FUNCTION_INSTANT_LOWER));
		}
	}
	return false;
}

static void
query_simplify_current(PlannerInfo *root, RelOptInfo *rel,
					   AttrNumber end_attno)
{
	ListCell   *lc;

	foreach(lc, list_copy(rel->baserestrictinfo))
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (query_is_comparison((Node *) rinfo->clause, BTLessStrategyNumber,
								rel->relid, end_attno))
		{
			mark_dummy_rel(rel);
			return;
		}
		if (query_is_comparison((Node *) rinfo->clause,
								BTGreaterStrategyNumber, rel->relid,
								end_attno) &&
			query_is_finite(root, lsecond(((OpExpr *) rinfo->clause)->args)))
			query_set_quals(rel,
							list_delete_ptr(list_copy(rel->baserestrictinfo),
											rinfo), NULL, rinfo);
	}
}

/*
 * What a part of a temporal reference gets
 */
static void
query_plan_member(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	const QueryTable *table;
	const VersionedRelation *versioned;

	table = query_table_by_history(rte->relid);
	if (table != NULL)
	{
		query_gate_history(root, rel, table);
		history_heap_add_paths(root, rel, rte, table->history_start_attno,
							   table->history_end_attno);
		return;
	}
	versioned = versioned_cache_get(rte->relid);
	if (versioned != NULL && OidIsValid(versioned->history))
	{
		query_gate_current(root, rel, versioned);
		query_simplify_current(root, rel, versioned->end_attno);
		history_heap_add_paths(root, rel, rte, versioned->start_attno,
							   versioned->end_attno);
	}
}

static void
query_set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
					   RangeTblEntry *rte)
{
	SegmentTable segments;

	if (prev_set_rel_pathlist_hook)
		prev_set_rel_pathlist_hook(root, rel, rti, rte);
	if (rte->rtekind != RTE_RELATION)
		return;
	if (query_is_temporal() && rel->reloptkind == RELOPT_OTHER_MEMBER_REL)
		query_plan_member(root, rel, rte);

	/* whoever reads a history, reads its segments */
	if (rte->relkind == RELKIND_RELATION &&
		segment_table_get(rte->relid, &segments))
		history_scan_add_paths(root, rel, rte, &segments);
}
