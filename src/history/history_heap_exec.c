/*-------------------------------------------------------------------------
 *
 * history_heap_exec.c
 *	  Reading the rows of a heap that were valid at a time: execution
 *
 * Pages are read by history_heap_pages.c; but parallel workers, who share them,
 * read all of them in turns, through the table access method.
 *
 * THE SLOT
 *		PostgreSQL gives custom scans a slot for values, and compiles
 *		expressions for that.  Rows stay in their pages here, so the slot and
 *		the expressions are made again, as those of a sequential scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat_query.h"
#ifdef TEMPORAL_HAS_EXPLAIN_HEADERS
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "history/history_heap.h"
#include "history/history_heap_pages.h"
#include "history/history_scan.h"

/* A bound, while it is executed */
typedef struct HeapBound
{
	int			column;			/* 0: the last but one, 1: the last */
	StrategyNumber strategy;
	ExprState  *expr;
} HeapBound;

typedef struct HeapScanState
{
	CustomScanState css;

	/* The plan */
	HeapBound  *bounds;
	int			nbounds;
	ExprState  *recheck;		/* NULL: not needed yet */
	Oid			index;			/* that knows pages; InvalidOid: none */

	/* This scan */
	bool		evaluated;
	bool		never;			/* nothing is wanted */
	HeapPeriod	wanted;
	HeapPages  *pages;			/* NULL: not begun, or parallel */
	TableScanDesc parallel;		/* NULL: not parallel */
	BlockNumber npages;			/* of all scans */
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

	state->wanted.natts = RelationGetDescr(rel)->natts;
	state->index = linitial_oid(list_nth(plan->custom_private,
										 HEAP_PRIVATE_INDEX));
	state->nbounds = list_length(attnos);
	state->bounds = palloc0(state->nbounds * sizeof(HeapBound));
	for (int i = 0; i < state->nbounds; i++)
	{
		HeapBound  *bound = &state->bounds[i];

		bound->column = list_nth_int(attnos, i) -
			(state->wanted.natts - 1);
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
	int64	   *low = &state->wanted.low[bound->column];
	int64	   *high = &state->wanted.high[bound->column];

	state->wanted.bound[bound->column] = true;
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
		state->wanted.bound[i] = false;
		state->wanted.low[i] = PG_INT64_MIN;
		state->wanted.high[i] = PG_INT64_MAX;
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

static void
heap_begin_pages(HeapScanState *state)
{
	EState	   *estate = state->css.ss.ps.state;
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);

	state->pages = history_heap_pages_begin(state->css.ss.ss_currentRelation,
											estate->es_snapshot, state->index,
											&state->wanted);
	MemoryContextSwitchTo(old);
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
	if (state->never)
		return ExecClearTuple(slot);
	if (state->parallel != NULL)
	{
		while (table_scan_getnextslot(state->parallel, ForwardScanDirection,
									  slot) &&
			   !history_heap_takes(&state->wanted,
								   ((HeapTupleTableSlot *) slot)->tuple,
								   slot->tts_tupleDescriptor))
			passed_over++;
	}
	else
	{
		if (state->pages == NULL)
			heap_begin_pages(state);
		(void) history_heap_pages_next(state->pages, slot, &passed_over);
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

/*
 * Ends a scan that is not parallel.
 */
static void
heap_end_pages(HeapScanState *state)
{
	if (state->pages == NULL)
		return;
	/* or there would be two pins of the last page */
	ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
	state->npages += history_heap_pages_end(state->pages);
	state->pages = NULL;
}

static void
heap_rescan(CustomScanState *node)
{
	HeapScanState *state = (HeapScanState *) node;

	state->evaluated = false;
	heap_end_pages(state);
	if (state->parallel != NULL)
		table_rescan(state->parallel, NULL);
	ExecScanReScan(&node->ss);
}

static void
heap_end(CustomScanState *node)
{
	HeapScanState *state = (HeapScanState *) node;

	heap_end_pages(state);
	if (state->parallel != NULL)
		table_endscan(state->parallel);
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
	((HeapScanState *) node)->parallel =
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
	if (instrument->nloops > 0 && state->parallel == NULL)
		ExplainPropertyInteger("Pages", NULL, state->npages +
							   history_heap_pages_read(state->pages), es);
}
