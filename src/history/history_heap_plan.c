/*-------------------------------------------------------------------------
 *
 * history_heap_plan.c
 *	  Reading the rows of a heap that were valid at a time: paths and plans
 *
 * Who asks for a time reads the whole of a table for a part of its rows: those
 * that began before it; and of a history, where it is not compressed, those
 * that also ended after it.  PostgreSQL's sequential scan takes each row apart
 * as far as its last columns, which the period's are, and asks it then.  But
 * two columns of eight bytes at the end of a row are found from its end.  A
 * custom scan looks there, and takes apart what is left.
 *
 * PAGES
 *		that cannot have such rows are known to a BRIN index of these columns,
 *		which a history has.  It is asked first; not by parallel workers, which
 *		share all pages.
 *
 * COSTS
 *		are those of a sequential scan, but that a row which does not count
 *		costs an operator, and not a tuple; or those of the bitmap scan of the
 *		BRIN index, but that rows are not asked again.  PostgreSQL decides
 *		between this and other indexes.
 *
 * Of a small table, it is not worth it; plans look the same as ever.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/float.h"
#include "utils/rel.h"

#include "base/compat_query.h"
#include "history/history_heap.h"
#include "history/history_scan_bound.h"

/* Tables of so many pages are small; PostgreSQL takes empty ones to have them */
#define HEAP_PAGES_SMALL	10

static Plan *history_heap_plan(PlannerInfo *root, RelOptInfo *rel,
							   CustomPath *best_path, List *tlist,
							   List *clauses, List *custom_plans);

static const CustomPathMethods heap_path_methods = {
	.CustomName = HISTORY_HEAP_NAME,
	.PlanCustomPath = history_heap_plan,
};

static CustomScanMethods heap_plan_methods = {
	.CustomName = HISTORY_HEAP_NAME,
	.CreateCustomScanState = history_heap_create_state,
};

void
history_heap_init(void)
{
	RegisterCustomScanMethods(&heap_plan_methods);
}

/*
 * Are the period columns where the end of a row tells them?
 */
static bool
heap_ends_with_period(Oid relid, AttrNumber start_attno, AttrNumber end_attno)
{
	Relation	rel = table_open(relid, NoLock /* the planner's */ );
	TupleDesc	desc = RelationGetDescr(rel);
	int			natts = desc->natts;
	bool		last = table_slot_callbacks(rel) == &TTSOpsBufferHeapTuple &&
		Min(start_attno, end_attno) == natts - 1 &&
		Max(start_attno, end_attno) == natts;

	table_close(rel, NoLock);
	return last;
}

/*
 * Takes the bounds on the period, of ScanBound, out of clauses; the others are
 * added to *rest.
 */
static List *
heap_bounds(RelOptInfo *rel, AttrNumber start_attno, AttrNumber end_attno,
			List *clauses, List **rest)
{
	const SegmentTable none = {0};
	const SegmentIndexes no_indexes = {0};
	List	   *bounds = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		ScanBound	bound;

		if (rinfo->pseudoconstant)
			continue;
		if (restriction_is_securely_promotable(rinfo, rel) &&
			history_scan_bound(&none, &no_indexes, rel->relid, rinfo->clause,
							   &bound) &&
			bound.kind == SCAN_BOUND_INTEGER &&
			(bound.attno == start_attno || bound.attno == end_attno))
		{
			ScanBound  *kept = palloc(sizeof(ScanBound));

			*kept = bound;
			bounds = lappend(bounds, kept);
		}
		else
			*rest = lappend(*rest, rinfo->clause);
	}
	return bounds;
}

/*
 * The BRIN index of the two columns; InvalidOid if there is none
 */
static Oid
heap_find_index(RelOptInfo *rel, AttrNumber start_attno, AttrNumber end_attno)
{
	ListCell   *lc;

	foreach(lc, rel->indexlist)
	{
		const IndexOptInfo *index = lfirst_node(IndexOptInfo, lc);
		bool		has_start = false;
		bool		has_end = false;

		for (int i = 0; i < index->nkeycolumns; i++)
		{
			has_start |= index->indexkeys[i] == start_attno;
			has_end |= index->indexkeys[i] == end_attno;
		}
		if (index->relam == BRIN_AM_OID && index->indpred == NIL &&
			has_start && has_end)
			return index->indexoid;
	}
	return InvalidOid;
}

/*
 * What a bitmap scan of the index would cost, without parameters; infinite if
 * it was not worth a path.
 */
static Cost
heap_bitmap_cost(RelOptInfo *rel, Oid index)
{
	ListCell   *lc;

	foreach(lc, rel->pathlist)
	{
		const BitmapHeapPath *path = lfirst(lc);

		if (IsA(path, BitmapHeapPath) && path->path.param_info == NULL &&
			IsA(path->bitmapqual, IndexPath) &&
			((IndexPath *) path->bitmapqual)->indexinfo->indexoid == index)
			return path->path.total_cost;
	}
	return get_float8_infinity();
}

/*
 * A path, by so many parallel workers
 */
static Path *
heap_path(PlannerInfo *root, RelOptInfo *rel, AttrNumber start_attno,
		  AttrNumber end_attno, List *bounds, int workers)
{
	Path	   *seqscan = create_seqscan_path(root, rel, NULL, workers);
	CustomPath *path = makeNode(CustomPath);
	List	   *conditions = NIL;
	double		divisor = Max(rel->rows / Max(seqscan->rows, 1), 1);
	double		passed_over;
	Oid			index = InvalidOid;
	ListCell   *lc;

	foreach(lc, bounds)
		conditions = lappend(conditions, ((ScanBound *) lfirst(lc))->clause);
	passed_over = rel->tuples *
		(1 - clauselist_selectivity(root, conditions, rel->relid, JOIN_INNER,
									NULL));

	path->path = *seqscan;
	path->path.type = T_CustomPath;
	path->path.pathtype = T_CustomScan;
	path->path.parallel_aware = workers > 0;
	path->path.total_cost -= passed_over / divisor *
		(cpu_tuple_cost + (list_length(bounds) - 1) * cpu_operator_cost);
	if (workers == 0)
		index = heap_find_index(rel, start_attno, end_attno);
	if (OidIsValid(index) && enable_seqscan)
		path->path.total_cost =
			Min(path->path.total_cost, heap_bitmap_cost(rel, index) -
				rel->rows * list_length(bounds) * cpu_operator_cost);
	path->path.total_cost = Max(path->path.total_cost,
								path->path.startup_cost);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &heap_path_methods;
	path->custom_private = list_make2(list_make2_int(start_attno, end_attno),
									  list_make1_oid(index));
	return &path->path;
}

void
history_heap_add_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte,
					   AttrNumber start_attno, AttrNumber end_attno)
{
	List	   *rest = NIL;
	List	   *bounds;
	int			workers;

	if (rte->relkind != RELKIND_RELATION || rte->tablesample != NULL ||
		rel->pages <= HEAP_PAGES_SMALL || IS_DUMMY_REL(rel) ||
		!bms_is_empty(rel->lateral_relids) ||
		bms_is_member(rel->relid, root->all_result_relids) ||
		!heap_ends_with_period(rte->relid, start_attno, end_attno))
		return;
	bounds = heap_bounds(rel, start_attno, end_attno, rel->baserestrictinfo,
						 &rest);
	if (bounds == NIL)
		return;
	add_path(rel, heap_path(root, rel, start_attno, end_attno, bounds, 0));
	if (!rel->consider_parallel)
		return;
	workers = compute_parallel_worker(rel, rel->pages, -1,
									  max_parallel_workers_per_gather);
	if (workers > 0)
		add_partial_path(rel, heap_path(root, rel, start_attno, end_attno,
										bounds, workers));
}

static Plan *
history_heap_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best_path,
				  List *tlist, List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *columns = linitial(best_path->custom_private);
	List	   *attnos = NIL;
	List	   *strategies = NIL;
	List	   *values = NIL;
	List	   *conditions = NIL;
	List	   *quals = NIL;
	ListCell   *lc;

	foreach(lc, heap_bounds(rel, linitial_int(columns), lsecond_int(columns),
							clauses, &quals))
	{
		const ScanBound *bound = lfirst(lc);

		attnos = lappend_int(attnos, bound->attno);
		strategies = lappend_int(strategies, bound->strategy);
		values = lappend(values, bound->value);
		conditions = lappend(conditions, bound->clause);
	}
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = quals;
	scan->scan.scanrelid = rel->relid;
	scan->flags = best_path->flags;
	scan->methods = &heap_plan_methods;
	scan->custom_exprs = list_concat(values, conditions);
	scan->custom_private = list_make3(attnos, strategies,
									  lsecond(best_path->custom_private));
	Assert(list_length(scan->custom_private) == HEAP_PRIVATE_Count);
	return &scan->scan.plan;
}
