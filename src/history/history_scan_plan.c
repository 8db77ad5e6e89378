/*-------------------------------------------------------------------------
 *
 * history_scan_plan.c
 *	  Reading segments as a part of their history: paths and plans
 *
 * PostgreSQL has made paths that read the heap of the history.  Each becomes
 * an Append of that and a custom scan of the segments, so that whoever reads
 * the history reads all of it: a query with FOR SYSTEM_TIME, a SELECT from the
 * history itself, a dump.
 *
 * PARAMETERS
 *		Segments are found by the key column at little cost, so there are paths
 *		whose key comes from another table, as an inner side of nested loops.
 *		Both parts of an Append need the same parameters; what the heap has no
 *		such path for is scanned.
 *
 * ESTIMATES
 *		How many versions are valid at a time is known well: each run has
 *		quantiles of the starts and ends of its versions.  What other clauses
 *		leave of them is PostgreSQL's estimate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat_query.h"
#include "history/history_scan.h"
#include "history/history_scan_bound.h"
#include "history/history_segments.h"

/* What the planner knows of the segments of a history */
typedef struct ScanPlanner
{
	PlannerInfo *root;
	RelOptInfo *rel;
	RelOptInfo *segments_rel;	/* rel without the clauses of once */
	List	   *once;			/* clauses that are asked once a scan */
	SegmentTable table;
	SegmentIndexes indexes;
	List	   *runs;
	double		versions;
	double		segments;
	double		bytes;
	double		raw_bytes;
} ScanPlanner;

static Plan *history_scan_plan(PlannerInfo *root, RelOptInfo *rel,
							   CustomPath *best_path, List *tlist,
							   List *clauses, List *custom_plans);

static const CustomPathMethods scan_path_methods = {
	.CustomName = HISTORY_SCAN_NAME,
	.PlanCustomPath = history_scan_plan,
};

static CustomScanMethods scan_plan_methods = {
	.CustomName = HISTORY_SCAN_NAME,
	.CreateCustomScanState = history_scan_create_state,
};

void
history_scan_init(void)
{
	RegisterCustomScanMethods(&scan_plan_methods);
}

/*
 * How many keys the bounds leave; 0: they do not say
 */
static double
scan_count_keys(const ScanPlanner *planner, List *bounds)
{
	double		keys = 0;
	ListCell   *lc;

	foreach(lc, bounds)
	{
		const ScanBound *bound = lfirst(lc);

		if (bound->attno != planner->table.key_attno ||
			bound->strategy != BTEqualStrategyNumber)
			continue;
		if (bound->kind != SCAN_BOUND_KEYS)
			return 1;
		keys = history_scan_array_length(bound->value);
	}
	return keys;
}

/*
 * The share of versions with a time at or before t
 */
static double
scan_share_before(const TimestampTz *quantiles, TimestampTz t)
{
	int			low = 0;

	if (t < quantiles[0])
		return 0;
	if (t >= quantiles[SEGMENT_RUN_QUANTILES - 1])
		return 1;
	while (quantiles[low + 1] <= t)
		low++;
	return (low + ((double) t - quantiles[low]) /
			((double) quantiles[low + 1] - quantiles[low])) /
		(SEGMENT_RUN_QUANTILES - 1);
}

/*
 * A time in the middle of all that segments hold, for one that is not known
 */
static TimestampTz
scan_middle_time(const ScanPlanner *planner)
{
	double		before = 0;
	ListCell   *lc;

	foreach(lc, planner->runs)
	{
		const SegmentRun *run = lfirst(lc);

		before += run->versions;
		if (before >= planner->versions / 2)
			return run->end_quantiles[SEGMENT_RUN_QUANTILES / 2];
	}
	return 0;
}

/*
 * Finds out the times of bounds on the period.
 */
static void
scan_estimate_times(const ScanPlanner *planner, List *bounds)
{
	ListCell   *lc;

	foreach(lc, bounds)
	{
		ScanBound  *bound = lfirst(lc);
		Node	   *value;

		if (bound->kind != SCAN_BOUND_INTEGER ||
			(bound->attno != planner->table.start_attno &&
			 bound->attno != planner->table.end_attno))
			continue;
		value = estimate_expression_value(planner->root,
										  (Node *) bound->value);
		if (!IsA(value, Const))
			bound->time = scan_middle_time(planner);
		else if (((Const *) value)->constisnull)
			bound->never = true;
		else
			bound->time = DatumGetTimestampTz(((Const *) value)->constvalue);
	}
}

/*
 * How many versions of a run, and how many of its segments, the bounds on the
 * period leave
 */
static double
scan_run_versions(const ScanPlanner *planner, const SegmentRun *run,
				  List *bounds, bool *opened)
{
	double		started = 1;	/* share that has begun in time */
	double		not_started = 0;	/* share that began too early */
	double		ended = 0;		/* share that ended too early */
	double		not_ended = 1;	/* share that ended in time */
	ListCell   *lc;

	*opened = true;
	foreach(lc, bounds)
	{
		const ScanBound *bound = lfirst(lc);
		bool		is_start = bound->attno == planner->table.start_attno;
		TimestampTz t = bound->time;
		double		share;

		if (bound->kind != SCAN_BOUND_INTEGER ||
			(!is_start && bound->attno != planner->table.end_attno))
			continue;
		if (bound->never)
			return 0;
		share = scan_share_before(is_start ? run->start_quantiles :
								  run->end_quantiles, t);
		switch (bound->strategy)
		{
			case BTLessStrategyNumber:
			case BTLessEqualStrategyNumber:
				*opened &= t >= run->starts;
				if (is_start)
					started = Min(started, share);
				else
					not_ended = Min(not_ended, share);
				break;
			case BTGreaterStrategyNumber:
			case BTGreaterEqualStrategyNumber:
				*opened &= t <= run->ends;
				if (is_start)
					not_started = Max(not_started, share);
				else
					ended = Max(ended, share);
				break;
			default:
				*opened &= t >= run->starts && t <= run->ends;
				return *opened ? 1 : 0;
		}
	}
	if (!*opened)
		return 0;

	/*
	 * Who has ended has also started: the one is a part of the other.  Of
	 * those who started late and ended early nothing is known but that.
	 */
	return Max(run->versions *
			   (Min(started, not_ended) - Max(not_started, ended)), 0);
}

/*
 * Rows and costs of a custom scan with the clauses
 */
static void
scan_cost(const ScanPlanner *planner, Path *path, List *clauses)
{
	RelOptInfo *rel = planner->rel;
	List	   *rest = NIL;
	List	   *others = NIL;
	List	   *bounds = history_scan_bounds(&planner->table,
											 &planner->indexes, rel, clauses,
											 &rest);
	double		keys = scan_count_keys(planner, bounds);
	double		rows = 0;
	double		segments = 0;
	double		versions = 0;
	double		tuples = rel->tuples;
	QualCost	qual_cost;
	ListCell   *lc;

	scan_estimate_times(planner, bounds);
	foreach(lc, planner->runs)
	{
		const SegmentRun *run = lfirst(lc);
		bool		opened;

		rows += scan_run_versions(planner, run, bounds, &opened);
		if (opened)
		{
			double		opened_segments = keys > 0 ?
				Min(run->segments, keys * 1.2) : run->segments;

			segments += opened_segments;
			versions += run->versions * opened_segments /
				Max(run->segments, 1);
		}
	}

	/* what is not about the period */
	foreach(lc, bounds)
	{
		const ScanBound *bound = lfirst(lc);

		if (bound->attno != planner->table.start_attno &&
			bound->attno != planner->table.end_attno && bound->exact)
			others = lappend(others, bound->clause);
	}
	others = list_concat(others, rest);
	rel->tuples = Max(tuples + planner->versions, 1);
	rows *= clauselist_selectivity(planner->root, others, rel->relid,
								   JOIN_INNER, NULL);
	rel->tuples = tuples;

	path->rows = clamp_row_est(rows / Max(path->parallel_workers, 1));
	cost_qual_eval(&qual_cost, rest, planner->root);
	path->startup_cost = qual_cost.startup + list_length(planner->runs) *
		cpu_index_tuple_cost;
	path->total_cost = path->startup_cost +
		segments * (keys > 0 ? random_page_cost : cpu_tuple_cost) +
		segments * planner->bytes / Max(planner->segments, 1) / BLCKSZ *
		seq_page_cost +
		versions / Max(path->parallel_workers, 1) * cpu_operator_cost +
		path->rows * (cpu_tuple_cost + qual_cost.per_tuple +
					  path->pathtarget->cost.per_tuple);
}

static Path *
scan_path(const ScanPlanner *planner, Relids required_outer,
		  int parallel_workers)
{
	RelOptInfo *rel = planner->rel;
	CustomPath *path = makeNode(CustomPath);
	List	   *clauses = rel->baserestrictinfo;

	path->path.pathtype = T_CustomScan;
	path->path.parent = planner->segments_rel;
	path->path.pathtarget = rel->reltarget;
	path->path.param_info = get_baserel_parampathinfo(planner->root, rel,
													  required_outer);
	path->path.parallel_aware = parallel_workers > 0;
	path->path.parallel_safe = rel->consider_parallel;
	path->path.parallel_workers = parallel_workers;
	path->methods = &scan_path_methods;
	path->custom_private = list_make2(list_make4_int((int) planner->table.segments,
													 planner->table.start_attno,
													 planner->table.end_attno,
													 planner->table.key_attno),
									  planner->once);
	if (path->path.param_info)
		clauses = list_concat_copy(clauses,
								   path->path.param_info->ppi_clauses);
	scan_cost(planner, &path->path, clauses);
	return &path->path;
}

/*
 * Is the clause an equality of the key column with something of other tables?
 */
static bool
scan_is_key_join(const ScanPlanner *planner, RestrictInfo *rinfo)
{
	ScanBound	bound;

	return join_clause_is_movable_to(rinfo, planner->rel) &&
		history_scan_bound(&planner->table, &planner->indexes,
						   planner->rel->relid, rinfo->clause, &bound) &&
		bound.attno == planner->table.key_attno &&
		bound.strategy == BTEqualStrategyNumber;
}

static bool
scan_member_is_key(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
				   EquivalenceMember *em, void *arg)
{
	const ScanPlanner *planner = arg;
	Node	   *expr = history_scan_strip((Node *) em->em_expr);

	return IsA(expr, Var) && ((Var *) expr)->varno == rel->relid &&
		((Var *) expr)->varattno == planner->table.key_attno;
}

static List *
scan_add_outer(const ScanPlanner *planner, List *outers, RestrictInfo *rinfo)
{
	Relids		outer;
	ListCell   *lc;

	if (!scan_is_key_join(planner, rinfo))
		return outers;
	outer = bms_union(rinfo->clause_relids, planner->rel->lateral_relids);
	outer = bms_del_member(outer, planner->rel->relid);
	if (bms_is_empty(outer))
		return outers;
	foreach(lc, outers)
	{
		if (bms_equal(lfirst(lc), outer))
			return outers;
	}
	return lappend(outers, outer);
}

/*
 * Sets of tables that the key can come from
 */
static List *
scan_outers(ScanPlanner *planner)
{
	RelOptInfo *rel = planner->rel;
	List	   *outers = NIL;
	ListCell   *lc;

	if (!OidIsValid(planner->indexes.by_key))
		return NIL;
	foreach(lc, rel->joininfo)
		outers = scan_add_outer(planner, outers, lfirst_node(RestrictInfo, lc));
	if (rel->has_eclass_joins)
	{
		List	   *clauses =
			generate_implied_equalities_for_column(planner->root, rel,
												   scan_member_is_key,
												   planner,
												   rel->lateral_referencers);

		foreach(lc, clauses)
			outers = scan_add_outer(planner, outers,
									lfirst_node(RestrictInfo, lc));
	}
	return outers;
}

/*
 * The cheapest of the heap's paths with exactly these parameters
 */
static Path *
scan_heap_path(ScanPlanner *planner, List *paths, Relids outer)
{
	Path	   *best = NULL;
	ListCell   *lc;

	foreach(lc, paths)
	{
		Path	   *path = lfirst(lc);

		if (bms_equal(PATH_REQ_OUTER(path), outer) &&
			(best == NULL || path->total_cost < best->total_cost))
			best = path;
	}
	return best != NULL ? best :
		create_seqscan_path(planner->root, planner->rel, outer, 0);
}

static Path *
scan_add_append(ScanPlanner *planner, List *heap_paths, Relids outer)
{
	Path	   *path = scan_path(planner, outer, 0);
	List	   *subpaths = list_make2(scan_heap_path(planner, heap_paths,
													 outer), path);

	add_path(planner->rel, (Path *)
			 create_append_path(planner->root, planner->rel, subpaths, NIL,
								NIL, outer, 0, false, -1));
	return path;
}

static void
scan_add_partial(ScanPlanner *planner, List *heap_paths)
{
	RelOptInfo *rel = planner->rel;
	int			workers =
		compute_parallel_worker(rel, planner->raw_bytes / BLCKSZ + rel->pages,
								-1, max_parallel_workers_per_gather);
	Path	   *heap_path;

	if (workers <= 0 || !rel->consider_parallel ||
		!bms_is_empty(rel->lateral_relids))
		return;
	heap_path = heap_paths != NIL ? linitial(heap_paths) :
		create_seqscan_path(planner->root, rel, NULL, workers);
	add_partial_path(rel, (Path *)
					 create_append_path(planner->root, rel, NIL,
										list_make2(heap_path,
												   scan_path(planner, NULL, workers)),
										NIL, NULL, workers,
										enable_parallel_append, -1));
}

/*
 * What the relation and those it is a part of have in rows, which joins are
 * planned by.
 */
static void
scan_add_rows(PlannerInfo *root, RelOptInfo *rel, double rows)
{
	for (;;)
	{
		rel->rows = clamp_row_est(rel->rows + rows);
		if (rel->reloptkind != RELOPT_OTHER_MEMBER_REL ||
			root->append_rel_array == NULL ||
			root->append_rel_array[rel->relid] == NULL)
			break;
		rel = find_base_rel(root,
							root->append_rel_array[rel->relid]->parent_relid);
	}
}

/*
 * What can be done with rows of the heap alone
 */
static void
scan_refuse(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	ListCell   *lc;

	if (rte->tablesample != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("TABLESAMPLE of history \"%s\" is not supported because it is compressed",
						get_rel_name(rte->relid))));
	foreach(lc, root->rowMarks)
	{
		PlanRowMark *mark = lfirst_node(PlanRowMark, lc);

		if (mark->rti != rel->relid || mark->markType == ROW_MARK_COPY)
			continue;
		if (mark->markType != ROW_MARK_REFERENCE)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("rows of history \"%s\" cannot be locked because it is compressed",
							get_rel_name(rte->relid))));
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("history \"%s\" cannot be joined by a statement that writes because it is compressed",
						get_rel_name(rte->relid)),
				 errhint("Write (SELECT * FROM %s OFFSET 0) in its place.",
						 quote_identifier(get_rel_name(rte->relid)))));
	}
}

/*
 * What is asked once a scan we ask ourselves: PostgreSQL would put a Result
 * over the scan, which every row has to pass.  It looks for such clauses at the
 * relation of the path.
 */
static void
scan_take_once(ScanPlanner *planner)
{
	RelOptInfo *rel = makeNode(RelOptInfo);
	ListCell   *lc;

	memcpy(rel, planner->rel, sizeof(RelOptInfo));
	rel->baserestrictinfo = NIL;
	foreach(lc, planner->rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (rinfo->pseudoconstant)
			planner->once = lappend(planner->once, rinfo->clause);
		else
			rel->baserestrictinfo = lappend(rel->baserestrictinfo, rinfo);
	}
	planner->segments_rel = rel;
}

static void
scan_planner_init(ScanPlanner *planner, PlannerInfo *root, RelOptInfo *rel,
				  Oid history, const SegmentTable *table)
{
	Relation	segments = table_open(table->segments, AccessShareLock);
	ListCell   *lc;

	memset(planner, 0, sizeof(*planner));
	planner->root = root;
	planner->rel = rel;
	planner->table = *table;
	scan_take_once(planner);
	history_segments_indexes(segments, &planner->indexes);
	table_close(segments, AccessShareLock);
	planner->runs = segment_run_list(history, NULL, true);
	foreach(lc, planner->runs)
	{
		const SegmentRun *run = lfirst(lc);

		planner->versions += run->versions;
		planner->segments += run->segments;
		planner->bytes += run->bytes;
		planner->raw_bytes += run->raw_bytes;
	}
}

void
history_scan_add_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte,
					   const SegmentTable *table)
{
	List	   *paths = rel->pathlist;
	List	   *partial_paths = rel->partial_pathlist;
	ScanPlanner planner;
	Path	   *path;
	ListCell   *lc;

	/* What clauses leave nothing of, and what is written to: it says no */
	if (IS_DUMMY_REL(rel) ||
		bms_is_member(rel->relid, root->all_result_relids))
		return;
	scan_refuse(root, rel, rte);
	scan_planner_init(&planner, root, rel, rte->relid, table);

	rel->pathlist = NIL;
	rel->partial_pathlist = NIL;
	path = scan_add_append(&planner, paths, rel->lateral_relids);
	foreach(lc, scan_outers(&planner))
		(void) scan_add_append(&planner, paths, lfirst(lc));
	scan_add_partial(&planner, partial_paths);
	scan_add_rows(root, rel, path->rows);
}

/*
 * Columns that someone above the scan, or its clauses, will look at
 */
static List *
scan_columns(RelOptInfo *rel, List *clauses, TupleDesc desc)
{
	Bitmapset  *attnos = NULL;
	List	   *columns = NIL;
	bool		all;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &attnos);
	pull_varattnos((Node *) clauses, rel->relid, &attnos);
	for (int i = FirstLowInvalidHeapAttributeNumber + 1; i < 0; i++)
	{
		if (i != SelfItemPointerAttributeNumber &&
			i != TableOidAttributeNumber &&
			bms_is_member(i - FirstLowInvalidHeapAttributeNumber, attnos))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("system column \"%s\" of a compressed history is not supported",
							NameStr(SystemAttributeDefinition(i)->attname))));
	}
	all = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, attnos);
	for (int i = 1; i <= desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i - 1)->attisdropped &&
			(all || bms_is_member(i - FirstLowInvalidHeapAttributeNumber,
								  attnos)))
			columns = lappend_int(columns, i);
	}
	return columns;
}

static Plan *
history_scan_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
				  List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *table_private = linitial(best_path->custom_private);
	List	   *once = lsecond(best_path->custom_private);
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	Relation	history = table_open(rte->relid, NoLock);
	SegmentTable table = {
		.segments = (Oid) list_nth_int(table_private, SCAN_TABLE_SEGMENTS),
		.start_attno = list_nth_int(table_private, SCAN_TABLE_START),
		.end_attno = list_nth_int(table_private, SCAN_TABLE_END),
		.key_attno = list_nth_int(table_private, SCAN_TABLE_KEY),
	};
	Relation	segments = table_open(table.segments, AccessShareLock);
	SegmentIndexes indexes;
	List	   *attnos = NIL;
	List	   *strategies = NIL;
	List	   *kinds = NIL;
	List	   *operators = NIL;
	List	   *values = NIL;
	List	   *conditions = NIL;
	List	   *quals = NIL;
	List	   *columns;
	ListCell   *lc;

	history_segments_indexes(segments, &indexes);
	table_close(segments, AccessShareLock);
	foreach(lc, history_scan_bounds(&table, &indexes, rel, clauses, &quals))
	{
		const ScanBound *bound = lfirst(lc);

		attnos = lappend_int(attnos, bound->attno);
		strategies = lappend_int(strategies, bound->strategy);
		kinds = lappend_int(kinds, bound->kind);
		operators = lappend_oid(operators, bound->operator);
		values = lappend(values, bound->value);
		if (bound->exact)
			conditions = lappend(conditions, bound->clause);
	}
	columns = scan_columns(rel, quals, RelationGetDescr(history));
	table_close(history, NoLock);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = quals;
	scan->scan.scanrelid = rel->relid;
	scan->flags = best_path->flags;
	scan->methods = &scan_plan_methods;
	scan->custom_exprs = list_concat(list_concat(values, conditions),
									 copyObject(once));
	scan->custom_private = list_make5(table_private, columns, attnos,
									  strategies, kinds);
	scan->custom_private = lappend(scan->custom_private, operators);
	scan->custom_private = lappend(scan->custom_private,
								   list_make1_int(list_length(once)));
	Assert(list_length(scan->custom_private) == SCAN_PRIVATE_Count);
	return &scan->scan.plan;
}
