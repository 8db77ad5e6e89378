/*-------------------------------------------------------------------------
 *
 * history_heap_exec.c
 *	  Reading the rows of a heap that were valid at a time: execution
 *
 * WHERE THE PERIOD IS
 *		The last two columns are of eight bytes each, aligned to as many, and
 *		where neither is null nothing is behind them.  So they are the last 16
 *		bytes of a row that has all columns.  A row of before columns were
 *		added, if it could be, has to be taken apart like any other.
 *
 * WHICH PAGES
 *		Those that the BRIN index has not ruled out, which are put together to
 *		ranges of pages that follow each other.  In a serializable transaction
 *		they stand for the whole relation, as in a sequential scan.
 *
 * THE SLOT
 *		PostgreSQL gives custom scans a slot for values, and compiles
 *		expressions for that.  Rows stay in their pages here, so the slot and
 *		the expressions are made again, as those of a sequential scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "base/compat_query.h"
#ifdef TEMPORAL_HAS_EXPLAIN_HEADERS
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "history/history_heap.h"
#include "history/history_scan.h"

/* A bound, while it is executed */
typedef struct HeapBound
{
	int			column;			/* 0: the last but one, 1: the last */
	StrategyNumber strategy;
	ExprState  *expr;
} HeapBound;

/* Pages that follow each other, both included */
typedef struct HeapRange
{
	BlockNumber first;
	BlockNumber last;
} HeapRange;

typedef struct HeapScanState
{
	CustomScanState css;

	/* The plan */
	HeapBound  *bounds;
	int			nbounds;
	ExprState  *recheck;		/* NULL: not needed yet */
	int			natts;

	/* What the bounds are in this scan: both ends are among what is wanted */
	bool		evaluated;
	bool		never;			/* nothing is wanted */
	bool		bound[2];		/* there is one of the column */
	int64		low[2];
	int64		high[2];

	TableScanDesc scan;			/* NULL: not begun */

	/* What the index left of the pages */
	Oid			index;			/* InvalidOid: there is none */
	HeapRange  *ranges;			/* NULL: all pages */
	int			nranges;
	int			range;			/* that is being scanned */
	BlockNumber npages;			/* in all scans, of those of an index */
} HeapScanState;

static void heap_begin(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *heap_execute(CustomScanState *node);
static void heap_end(CustomScanState *node);
static void heap_rescan(CustomScanState *node);
static Size heap_estimate_dsm(CustomScanState *node, ParallelContext *pcxt);
static void heap_initialize_dsm(CustomScanState *node, ParallelContext *pcxt,
								void *coordinate);
static void heap_reinitialize_dsm(CustomScanState *node,
								  ParallelContext *pcxt, void *coordinate);
static void heap_initialize_worker(CustomScanState *node, shm_toc *toc,
								   void *coordinate);
static void heap_explain(CustomScanState *node, List *ancestors,
						 ExplainState *es);

static const CustomExecMethods heap_methods = {
	.CustomName = HISTORY_HEAP_NAME,
	.BeginCustomScan = heap_begin,
	.ExecCustomScan = heap_execute,
	.EndCustomScan = heap_end,
	.ReScanCustomScan = heap_rescan,
	.EstimateDSMCustomScan = heap_estimate_dsm,
	.InitializeDSMCustomScan = heap_initialize_dsm,
	.ReInitializeDSMCustomScan = heap_reinitialize_dsm,
	.InitializeWorkerCustomScan = heap_initialize_worker,
	.ExplainCustomScan = heap_explain,
};

Node *
history_heap_create_state(CustomScan *plan)
{
	HeapScanState *state = (HeapScanState *)
		newNode(sizeof(HeapScanState), T_CustomScanState);

	state->css.methods = &heap_methods;
	return (Node *) state;
}

List *
history_heap_conditions(const CustomScan *plan)
{
	if (strcmp(plan->methods->CustomName, HISTORY_HEAP_NAME) != 0)
		return NIL;
	return list_copy_tail(plan->custom_exprs,
						  list_length(plan->custom_exprs) / 2);
}

static void
heap_begin(CustomScanState *node, EState *estate, int eflags)
{
	HeapScanState *state = (HeapScanState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *attnos = list_nth(plan->custom_private, HEAP_PRIVATE_ATTNOS);
	List	   *strategies = list_nth(plan->custom_private,
									  HEAP_PRIVATE_STRATEGIES);
	Relation	rel = node->ss.ss_currentRelation;

	state->natts = RelationGetDescr(rel)->natts;
	state->index = linitial_oid(list_nth(plan->custom_private,
										 HEAP_PRIVATE_INDEX));
	state->nbounds = list_length(attnos);
	state->bounds = palloc0(state->nbounds * sizeof(HeapBound));
	for (int i = 0; i < state->nbounds; i++)
	{
		HeapBound  *bound = &state->bounds[i];

		bound->column = list_nth_int(attnos, i) - (state->natts - 1);
		bound->strategy = list_nth_int(strategies, i);
		bound->expr = ExecInitExpr(list_nth(plan->custom_exprs, i),
								   &node->ss.ps);
		if (bound->column != 0 && bound->column != 1)
			elog(ERROR, "column %d of \"%s\" is not among the last",
				 list_nth_int(attnos, i), RelationGetRelationName(rel));
	}

	/* sub-selects of the expressions that go are not to be shown twice */
	node->ss.ps.subPlan = NIL;
	ExecInitScanTupleSlot(estate, &node->ss, RelationGetDescr(rel),
						  table_slot_callbacks(rel));
	ExecAssignScanProjectionInfo(&node->ss);
	node->ss.ps.qual = ExecInitQual(plan->scan.plan.qual, &node->ss.ps);
}

/*
 * Makes of a bound what the column's value is between, both included.
 */
static void
heap_narrow(HeapScanState *state, const HeapBound *bound, int64 value)
{
	int64	   *low = &state->low[bound->column];
	int64	   *high = &state->high[bound->column];

	state->bound[bound->column] = true;
	switch (bound->strategy)
	{
		case BTLessStrategyNumber:
			if (value == PG_INT64_MIN)
				state->never = true;
			else
				*high = Min(*high, value - 1);
			break;
		case BTLessEqualStrategyNumber:
			*high = Min(*high, value);
			break;
		case BTEqualStrategyNumber:
			*low = Max(*low, value);
			*high = Min(*high, value);
			break;
		case BTGreaterEqualStrategyNumber:
			*low = Max(*low, value);
			break;
		case BTGreaterStrategyNumber:
			if (value == PG_INT64_MAX)
				state->never = true;
			else
				*low = Max(*low, value + 1);
			break;
		default:
			elog(ERROR, "unknown strategy %d", bound->strategy);
	}
}

/*
 * Evaluates the bounds.  What compares with null is true of no row.
 */
static void
heap_evaluate(HeapScanState *state)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;

	state->evaluated = true;
	state->never = false;
	for (int i = 0; i < 2; i++)
	{
		state->bound[i] = false;
		state->low[i] = PG_INT64_MIN;
		state->high[i] = PG_INT64_MAX;
	}
	ResetExprContext(econtext);
	for (int i = 0; i < state->nbounds; i++)
	{
		bool		isnull;
		Datum		value = ExecEvalExprSwitchContext(state->bounds[i].expr,
													  econtext, &isnull);

		if (isnull)
			state->never = true;
		else
			heap_narrow(state, &state->bounds[i], DatumGetTimestampTz(value));
	}
}

static inline bool
heap_is_between(const HeapScanState *state, int column, int64 value)
{
	return value >= state->low[column] && value <= state->high[column];
}

/*
 * Does a row that has to be taken apart satisfy the bounds?
 */
static pg_noinline bool
heap_takes_other(const HeapScanState *state, TupleTableSlot *slot)
{
	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, state->natts - 1 + i, &isnull);

		if (state->bound[i] &&
			(isnull || !heap_is_between(state, i, DatumGetTimestampTz(value))))
			return false;
	}
	return true;
}

/*
 * Does the row in the slot?
 */
static inline bool
heap_takes(const HeapScanState *state, TupleTableSlot *slot)
{
	HeapTuple	tuple = ((HeapTupleTableSlot *) slot)->tuple;
	HeapTupleHeader header = tuple->t_data;
	int			natts = state->natts;
	int64		period[2];

	if (unlikely(HeapTupleHeaderGetNatts(header) != natts ||
				 tuple->t_len < header->t_hoff + sizeof(period) ||
				 (HeapTupleHasNulls(tuple) &&
				  (att_isnull(natts - 2, header->t_bits) ||
				   att_isnull(natts - 1, header->t_bits)))))
		return heap_takes_other(state, slot);
	memcpy(period, (char *) header + tuple->t_len - sizeof(period),
		   sizeof(period));
	return heap_is_between(state, 0, period[0]) &&
		heap_is_between(state, 1, period[1]);
}

/*
 * What the bounds are to the index; returns how many.
 */
static int
heap_make_keys(const HeapScanState *state, Relation index, ScanKey keys)
{
	int			nkeys = 0;

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		int			column = index->rd_index->indkey.values[i] -
			(state->natts - 1);

		if (column != 0 && column != 1)
			continue;
		for (int end = 0; end < 2; end++)
		{
			StrategyNumber strategy = end == 0 ? BTGreaterEqualStrategyNumber :
				BTLessEqualStrategyNumber;
			int64		value = end == 0 ? state->low[column] :
				state->high[column];
			Oid			operator =
				get_opfamily_member(index->rd_opfamily[i], TIMESTAMPTZOID,
									TIMESTAMPTZOID, strategy);

			if (value == (end == 0 ? PG_INT64_MIN : PG_INT64_MAX) ||
				!OidIsValid(operator))
				continue;
			ScanKeyEntryInitialize(&keys[nkeys++], 0, i + 1, strategy,
								   TIMESTAMPTZOID, InvalidOid,
								   get_opcode(operator),
								   TimestampTzGetDatum(value));
		}
	}
	return nkeys;
}

/*
 * Puts the pages of a bitmap into ranges.
 */
static void
heap_list_ranges(HeapScanState *state, TIDBitmap *bitmap)
{
	TemporalPages *pages = temporal_pages_begin(bitmap);
	int			space = 16;
	BlockNumber page;

	state->nranges = 0;
	state->ranges = palloc(space * sizeof(HeapRange));
	while ((page = temporal_pages_next(pages)) != InvalidBlockNumber)
	{
		HeapRange  *last = &state->ranges[state->nranges - 1];

		CHECK_FOR_INTERRUPTS();
		state->npages++;
		if (state->nranges > 0 && last->last + 1 == page)
		{
			last->last = page;
			continue;
		}
		if (state->nranges == space)
		{
			space *= 2;
			state->ranges = repalloc_huge(state->ranges,
										  space * sizeof(HeapRange));
		}
		state->ranges[state->nranges].first = page;
		state->ranges[state->nranges++].last = page;
	}
	temporal_pages_end(pages);
}

/*
 * Asks the index which pages there are to read.
 */
static void
heap_ask_index(HeapScanState *state)
{
	EState	   *estate = state->css.ss.ps.state;
	Relation	rel = state->css.ss.ss_currentRelation;
	Relation	index = index_open(state->index, AccessShareLock);
	ScanKey		keys = palloc(2 * index->rd_index->indnkeyatts *
							  sizeof(ScanKeyData));
	int			nkeys = heap_make_keys(state, index, keys);

	if (nkeys > 0)
	{
		IndexScanDesc scan =
			temporal_index_beginscan_bitmap(index, estate->es_snapshot, nkeys);
		TIDBitmap  *bitmap = tbm_create(work_mem * 1024L, NULL);
		MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);

		index_rescan(scan, keys, nkeys, NULL, 0);
		index_getbitmap(scan, bitmap);
		index_endscan(scan);
		heap_list_ranges(state, bitmap);
		MemoryContextSwitchTo(old);
		tbm_free(bitmap);
		PredicateLockRelation(rel, estate->es_snapshot);
	}
	index_close(index, NoLock);
	pfree(keys);
}

/*
 * Begins, or goes on with, a range of pages; false if there is none left.
 */
static bool
heap_begin_range(HeapScanState *state)
{
	ItemPointerData first;
	ItemPointerData last;

	if (state->range >= state->nranges)
		return false;
	ItemPointerSet(&first, state->ranges[state->range].first,
				   FirstOffsetNumber);
	ItemPointerSet(&last, state->ranges[state->range].last, MaxOffsetNumber);
	if (state->scan == NULL)
		state->scan =
			table_beginscan_tidrange(state->css.ss.ss_currentRelation,
									 state->css.ss.ps.state->es_snapshot,
									 &first, &last);
	else
		table_rescan_tidrange(state->scan, &first, &last);
	return true;
}

static void
heap_begin_scan(HeapScanState *state)
{
	if (OidIsValid(state->index))
		heap_ask_index(state);
	if (state->ranges == NULL)
		state->scan = table_beginscan(state->css.ss.ss_currentRelation,
									  state->css.ss.ps.state->es_snapshot, 0,
									  NULL);
	else
		state->never = !heap_begin_range(state);
}

/*
 * The next row there is
 */
static inline bool
heap_next_row(HeapScanState *state, TupleTableSlot *slot)
{
	if (state->ranges == NULL)
		return table_scan_getnextslot(state->scan, ForwardScanDirection, slot);
	while (!table_scan_getnextslot_tidrange(state->scan, ForwardScanDirection,
											slot))
	{
		state->range++;
		if (!heap_begin_range(state))
			return false;
	}
	return true;
}

/*
 * The next row that satisfies the bounds; for ExecScan()
 */
static TupleTableSlot *
heap_next(ScanState *node)
{
	HeapScanState *state = (HeapScanState *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;
	int64		passed_over = 0;

	if (!state->evaluated)
		heap_evaluate(state);
	if (state->scan == NULL && !state->never)
		heap_begin_scan(state);
	if (state->never)
		return ExecClearTuple(slot);
	while (heap_next_row(state, slot))
	{
		if (heap_takes(state, slot))
			break;
		passed_over++;
	}
	InstrCountFiltered2(node, passed_over);
	return slot;
}

static bool
heap_recheck(ScanState *node, TupleTableSlot *slot)
{
	HeapScanState *state = (HeapScanState *) node;
	ExprContext *econtext = node->ps.ps_ExprContext;

	if (state->recheck == NULL)
	{
		MemoryContext old =
			MemoryContextSwitchTo(node->ps.state->es_query_cxt);

		state->recheck =
			ExecInitQual(history_heap_conditions((CustomScan *) node->ps.plan),
						 &node->ps);
		MemoryContextSwitchTo(old);
	}
	econtext->ecxt_scantuple = slot;
	return ExecQual(state->recheck, econtext);
}

static TupleTableSlot *
heap_execute(CustomScanState *node)
{
	return ExecScan(&node->ss, (ExecScanAccessMtd) heap_next,
					(ExecScanRecheckMtd) heap_recheck);
}

static void
heap_rescan(CustomScanState *node)
{
	HeapScanState *state = (HeapScanState *) node;

	state->evaluated = false;
	if (state->ranges != NULL)
	{
		/* other bounds may leave other pages */
		pfree(state->ranges);
		state->ranges = NULL;
		state->range = 0;
		if (state->scan != NULL)
			table_endscan(state->scan);
		state->scan = NULL;
	}
	else if (state->scan != NULL)
		table_rescan(state->scan, NULL);
	ExecScanReScan(&node->ss);
}

static void
heap_end(CustomScanState *node)
{
	HeapScanState *state = (HeapScanState *) node;

	if (state->scan != NULL)
		table_endscan(state->scan);
}

static Size
heap_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	return table_parallelscan_estimate(node->ss.ss_currentRelation,
									   node->ss.ps.state->es_snapshot);
}

static void
heap_initialize_dsm(CustomScanState *node, ParallelContext *pcxt,
					void *coordinate)
{
	table_parallelscan_initialize(node->ss.ss_currentRelation, coordinate,
								  node->ss.ps.state->es_snapshot);
	heap_initialize_worker(node, NULL, coordinate);
}

static void
heap_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt,
					  void *coordinate)
{
	table_parallelscan_reinitialize(node->ss.ss_currentRelation, coordinate);
}

static void
heap_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	((HeapScanState *) node)->scan =
		table_beginscan_parallel(node->ss.ss_currentRelation, coordinate);
}

static void
heap_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	const HeapScanState *state = (HeapScanState *) node;
	const Instrumentation *instrument = node->ss.ps.instrument;

	history_scan_explain_clauses(node,
								 history_heap_conditions((CustomScan *) node->ss.ps.plan),
								 "Period Cond", ancestors, es);
	if (OidIsValid(state->index))
		ExplainPropertyText("Page Index", get_rel_name(state->index), es);
	if (!es->analyze || instrument == NULL)
		return;
	if (instrument->nfiltered2 > 0)
		ExplainPropertyFloat("Rows Removed by Period Cond", NULL,
							 instrument->nfiltered2 /
							 Max(instrument->nloops, 1), 0, es);
	if (OidIsValid(state->index))
		ExplainPropertyInteger("Pages", NULL, state->npages, es);
}
