/*-------------------------------------------------------------------------
 *
 * history_scan_exec.c
 *	  Reading segments as a part of their history: execution
 *
 * A scan goes from segment to segment, and in each from version to version:
 *
 *	- Which segments?  See history_scan_source.c.
 *	- Which versions?  Bounds are evaluated one after the other on whole
 *	  columns, which leaves a list of versions.
 *	- Columns that are needed are decompressed when the first version of the
 *	  segment is to be shown.
 *
 * All of this sees the segments that the query's snapshot sees, as the scan of
 * the heap beside it sees the versions there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "history/history_scan_bound.h"
#include "history/history_scan_state.h"

static void scan_begin(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *scan_execute(CustomScanState *node);
static void scan_end(CustomScanState *node);
static void scan_rescan(CustomScanState *node);
static Size scan_estimate_dsm(CustomScanState *node, ParallelContext *pcxt);
static void scan_initialize_dsm(CustomScanState *node, ParallelContext *pcxt,
								void *coordinate);
static void scan_reinitialize_dsm(CustomScanState *node,
								  ParallelContext *pcxt, void *coordinate);
static void scan_initialize_worker(CustomScanState *node, shm_toc *toc,
								   void *coordinate);
static void scan_shutdown(CustomScanState *node);

static const CustomExecMethods scan_methods = {
	.CustomName = HISTORY_SCAN_NAME,
	.BeginCustomScan = scan_begin,
	.ExecCustomScan = scan_execute,
	.EndCustomScan = scan_end,
	.ReScanCustomScan = scan_rescan,
	.EstimateDSMCustomScan = scan_estimate_dsm,
	.InitializeDSMCustomScan = scan_initialize_dsm,
	.ReInitializeDSMCustomScan = scan_reinitialize_dsm,
	.InitializeWorkerCustomScan = scan_initialize_worker,
	.ShutdownCustomScan = scan_shutdown,
	.ExplainCustomScan = history_scan_explain,
};

Node *
history_scan_create_state(CustomScan *plan)
{
	HistoryScanState *state = (HistoryScanState *)
		newNode(sizeof(HistoryScanState), T_CustomScanState);

	state->css.methods = &scan_methods;
	return (Node *) state;
}

static int
scan_once_count(const CustomScan *plan)
{
	return linitial_int(list_nth(plan->custom_private, SCAN_PRIVATE_ONCE));
}

List *
history_scan_conditions(const CustomScan *plan)
{
	int			nbounds = list_length(list_nth(plan->custom_private,
											   SCAN_PRIVATE_ATTNOS));
	int			nconditions = list_length(plan->custom_exprs) - nbounds -
		scan_once_count(plan);

	return list_truncate(list_copy_tail(plan->custom_exprs, nbounds),
						 nconditions);
}

List *
history_scan_once(const CustomScan *plan)
{
	return list_copy_tail(plan->custom_exprs,
						  list_length(plan->custom_exprs) -
						  scan_once_count(plan));
}

const HistoryScanCounters *
history_scan_counters(CustomScanState *node)
{
	HistoryScanState *state = (HistoryScanState *) node;

	/* Behind a gate that is closed, or in workers only */
	if (state->segments == NULL)
		history_scan_open(state);
	return &state->counters;
}

/*
 * Prepares for the columns.  Most plans want nothing but columns of the
 * versions that bounds have selected: then a row is made without expressions,
 * and without the detour over the scan's own slot.
 */
static void
scan_begin_columns(HistoryScanState *state, List *columns)
{
	PlanState  *ps = &state->css.ss.ps;
	ListCell   *lc;

	state->ncolumns = list_length(columns);
	state->attnos = palloc(state->ncolumns * sizeof(AttrNumber));
	state->values = palloc0(state->ncolumns * sizeof(Datum *));
	state->nulls = palloc0(state->ncolumns * sizeof(bool *));
	foreach(lc, columns)
		state->attnos[foreach_current_index(lc)] = lfirst_int(lc);

	state->outputs = palloc(list_length(ps->plan->targetlist) * sizeof(int));
	state->direct = ps->plan->qual == NIL && ps->ps_ProjInfo != NULL &&
		ps->state->es_epq_active == NULL;
	foreach(lc, ps->plan->targetlist)
	{
		Var		   *var = (Var *) lfirst_node(TargetEntry, lc)->expr;
		int			place = 0;

		if (!IsA(var, Var) || var->varattno <= 0)
		{
			state->direct = false;
			break;
		}
		while (place < state->ncolumns &&
			   state->attnos[place] != var->varattno)
			place++;
		if (place == state->ncolumns)
		{
			state->direct = false;
			break;
		}
		state->outputs[foreach_current_index(lc)] = place;
	}
}

static void
scan_begin(CustomScanState *node, EState *estate, int eflags)
{
	HistoryScanState *state = (HistoryScanState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	List	   *table = list_nth(plan->custom_private, SCAN_PRIVATE_TABLE);
	List	   *attnos = list_nth(plan->custom_private, SCAN_PRIVATE_ATTNOS);
	List	   *strategies = list_nth(plan->custom_private,
									  SCAN_PRIVATE_STRATEGIES);
	List	   *kinds = list_nth(plan->custom_private, SCAN_PRIVATE_KINDS);

	state->table.segments = (Oid) list_nth_int(table, SCAN_TABLE_SEGMENTS);
	state->table.start_attno = list_nth_int(table, SCAN_TABLE_START);
	state->table.end_attno = list_nth_int(table, SCAN_TABLE_END);
	state->table.key_attno = list_nth_int(table, SCAN_TABLE_KEY);
	scan_begin_columns(state, list_nth(plan->custom_private,
									   SCAN_PRIVATE_COLUMNS));
	state->nbounds = list_length(attnos);
	state->bounds = palloc0(state->nbounds * sizeof(ScanBoundState));
	for (int i = 0; i < state->nbounds; i++)
	{
		ScanBoundState *bound = &state->bounds[i];
		Expr	   *value = list_nth(plan->custom_exprs, i);

		bound->kind = list_nth_int(kinds, i);
		bound->attno = list_nth_int(attnos, i);
		bound->strategy = list_nth_int(strategies, i);
		if (IsA(value, Const))
		{
			bound->value = ((Const *) value)->constvalue;
			bound->is_null = ((Const *) value)->constisnull;
		}
		else
			bound->expr = ExecInitExpr(value, &node->ss.ps);
		bound->value_type = exprType((Node *) value);
		get_typlenbyval(bound->value_type, &bound->length, &bound->by_value);
	}
	state->once = ExecInitQual(history_scan_once(plan), &node->ss.ps);
	state->run = NULL;
	state->key_bound = -1;
}

/*
 * Keeps the versions that are selected and satisfy OP.  The first bound finds
 * none selected and takes all.
 */
#define SCAN_SELECT(op) \
	do { \
		if (all) \
		{ \
			for (int i = 0; i < n; i++) \
			{ \
				selected[kept] = i; \
				kept += (int64) values[i] op value && \
					(nulls == NULL || !nulls[i]); \
			} \
		} \
		else \
		{ \
			for (int j = 0; j < n; j++) \
			{ \
				int			i = selected[j]; \
				\
				selected[kept] = i; \
				kept += (int64) values[i] op value && \
					(nulls == NULL || !nulls[i]); \
			} \
		} \
	} while (0)

static int
scan_select(const Datum *values, const bool *nulls, StrategyNumber strategy,
			int64 value, uint16 *selected, int n, bool all)
{
	int			kept = 0;

	switch (strategy)
	{
		case BTLessStrategyNumber:
			SCAN_SELECT(<);
			break;
		case BTLessEqualStrategyNumber:
			SCAN_SELECT(<=);
			break;
		case BTEqualStrategyNumber:
			SCAN_SELECT(==);
			break;
		case BTGreaterEqualStrategyNumber:
			SCAN_SELECT(>=);
			break;
		case BTGreaterStrategyNumber:
			SCAN_SELECT(>);
			break;
	}
	return kept;
}

/*
 * Keeps the versions whose value is one of the keys, which are in order.
 */
static int
scan_select_keys(const Datum *values, const bool *nulls,
				 const ScanBoundState *bound, uint16 *selected, int n,
				 bool all)
{
	int			kept = 0;

	for (int j = 0; j < n; j++)
	{
		int			i = all ? j : selected[j];
		int64		value = (int64) values[i];
		int			low = 0;
		int			high = bound->nkeys - 1;

		if (nulls != NULL && nulls[i])
			continue;
		while (low < high)
		{
			int			middle = low + (high - low) / 2;

			if (bound->integers[middle] < value)
				low = middle + 1;
			else
				high = middle;
		}
		if (bound->integers[low] == value)
			selected[kept++] = i;
	}
	return kept;
}

/*
 * Leaves the versions of a key in the segment, which is not decompressed as a
 * whole then; says by which bound.
 */
static const ScanBoundState *
scan_narrow_segment(HistoryScanState *state, int *n)
{
	for (int i = 0; i < state->nbounds; i++)
	{
		const ScanBoundState *bound = &state->bounds[i];
		bool		found;

		if (bound->kind != SCAN_BOUND_INTEGER ||
			bound->attno != state->table.key_attno ||
			bound->strategy != BTEqualStrategyNumber)
			continue;
		*n = history_segment_narrow(state->segment, bound->attno,
									history_scan_integer(bound->value,
														 bound->length),
									&found);
		return found ? bound : NULL;
	}
	return NULL;
}

/*
 * The run of a segment; NULL if it is not known.
 */
static const SegmentRun *
scan_find_run(HistoryScanState *state, int32 number)
{
	ListCell   *lc;

	if (state->open_run != NULL && state->open_run->run == number)
		return state->open_run;
	foreach(lc, state->runs)
	{
		const SegmentRun *run = lfirst(lc);

		if (run->run == number)
			return state->open_run = run;
	}
	return NULL;
}

/*
 * Do all versions of a segment satisfy the bound, by what its row and its run's
 * say?  Of a slice of time that is over later than the query's time, none is
 * to be asked when it ended.
 */
static bool
scan_all_satisfy(HistoryScanState *state, const SegmentRow *row,
				 const ScanBoundState *bound)
{
	const SegmentRun *run = scan_find_run(state, row->run);
	int64		value = (int64) bound->value;
	TimestampTz low;
	TimestampTz high;

	if (run == NULL || bound->kind != SCAN_BOUND_INTEGER ||
		bound->length != sizeof(TimestampTz))
		return false;
	if (bound->attno == state->table.start_attno)
	{
		low = row->starts;
		high = run->last_start;
	}
	else if (bound->attno == state->table.end_attno)
	{
		low = run->first_end;
		high = row->ends;
	}
	else
		return false;
	switch (bound->strategy)
	{
		case BTLessStrategyNumber:
			return high < value;
		case BTLessEqualStrategyNumber:
			return high <= value;
		case BTGreaterEqualStrategyNumber:
			return low >= value;
		case BTGreaterStrategyNumber:
			return low > value;
	}
	return false;
}

/*
 * Opens a segment, and selects its versions.
 */
static void
scan_open_segment(HistoryScanState *state, const SegmentRow *row)
{
	int			n = history_segment_open(state->segment, row->data,
										 &state->slot->tts_tid,
										 state->ncolumns + 2);
	const ScanBoundState *narrowed = scan_narrow_segment(state, &n);
	bool		all = true;

	state->counters.segments_read++;
	state->counters.versions += n;
	state->next = 0;
	state->tid = state->slot->tts_tid;

	/* the key first: it leaves least */
	for (int pass = 0; pass < 2 && n > 0; pass++)
	{
		for (int i = 0; i < state->nbounds && n > 0; i++)
		{
			const ScanBoundState *bound = &state->bounds[i];
			bool		is_key = bound->attno == state->table.key_attno;
			const Datum *values;
			const bool *nulls;

			if (bound->kind == SCAN_BOUND_KEY || bound == narrowed ||
				is_key != (pass == 0) ||
				(bound->kind == SCAN_BOUND_KEYS && bound->integers == NULL) ||
				scan_all_satisfy(state, row, bound))
				continue;
			history_segment_read(state->segment, bound->attno, &values,
								 &nulls);
			if (bound->kind == SCAN_BOUND_KEYS)
				n = scan_select_keys(values, nulls, bound, state->selected, n,
									 all);
			else
				n = scan_select(values, nulls, bound->strategy,
								history_scan_integer(bound->value,
													 bound->length),
								state->selected, n, all);
			all = false;
		}
	}
	if (all)
	{
		for (int i = 0; i < n; i++)
			state->selected[i] = i;
	}
	state->nselected = n;
	state->counters.rows += n;
	if (n == 0)
		return;
	for (int i = 0; i < state->ncolumns; i++)
		history_segment_read_selected(state->segment, state->attnos[i],
									  state->selected, n, &state->values[i],
									  &state->nulls[i]);
}

/*
 * Goes on to the next segment that has a version to show; false if there is
 * none left.  What slot refers to goes with its segment.
 */
static pg_noinline bool
scan_advance(HistoryScanState *state, TupleTableSlot *slot)
{
	if (!state->started)
		history_scan_start(state);
	while (state->next >= state->nselected)
	{
		SegmentRow	row;

		ExecClearTuple(slot);
		if (!history_scan_next_row(state, &row))
		{
			state->nselected = state->next = 0;
			state->source = SCAN_NOTHING;
			return false;
		}
		CHECK_FOR_INTERRUPTS();
		scan_open_segment(state, &row);
	}
	return true;
}

/*
 * The next version, in the node's scan slot; for ExecScan()
 */
static TupleTableSlot *
scan_next(ScanState *node)
{
	HistoryScanState *state = (HistoryScanState *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;
	int			version;

	if (state->next >= state->nselected && !scan_advance(state, slot))
		return slot;
	version = state->selected[state->next++];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < state->ncolumns; i++)
	{
		int			column = state->attnos[i] - 1;

		slot->tts_values[column] = state->values[i][version];
		slot->tts_isnull[column] = state->nulls[i] != NULL &&
			state->nulls[i][version];
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tid = state->tid;
	slot->tts_tableOid = RelationGetRelid(node->ss_currentRelation);
	return slot;
}

/*
 * The same, as a row of the result
 */
static TupleTableSlot *
scan_next_direct(HistoryScanState *state)
{
	TupleTableSlot *slot = state->css.ss.ps.ps_ResultTupleSlot;
	int			noutputs = slot->tts_tupleDescriptor->natts;
	int			version;

	if (state->next >= state->nselected && !scan_advance(state, slot))
		return NULL;
	version = state->selected[state->next++];
	ExecClearTuple(slot);
	for (int i = 0; i < noutputs; i++)
	{
		int			place = state->outputs[i];

		slot->tts_values[i] = state->values[place][version];
		slot->tts_isnull[i] = state->nulls[place] != NULL &&
			state->nulls[place][version];
	}
	return ExecStoreVirtualTuple(slot);
}

static bool
scan_recheck(ScanState *node, TupleTableSlot *slot)
{
	HistoryScanState *state = (HistoryScanState *) node;
	ExprContext *econtext = node->ps.ps_ExprContext;

	/* seldom needed, if ever, and most of what it took to begin the scan */
	if (!state->has_recheck)
	{
		MemoryContext old =
			MemoryContextSwitchTo(node->ps.state->es_query_cxt);

		state->recheck =
			ExecInitQual(history_scan_conditions((CustomScan *) node->ps.plan),
						 &node->ps);
		state->has_recheck = true;
		MemoryContextSwitchTo(old);
	}
	econtext->ecxt_scantuple = slot;
	return ExecQual(state->recheck, econtext);
}

static TupleTableSlot *
scan_execute(CustomScanState *node)
{
	if (((HistoryScanState *) node)->direct)
		return scan_next_direct((HistoryScanState *) node);
	return ExecScan(&node->ss, (ExecScanAccessMtd) scan_next,
					(ExecScanRecheckMtd) scan_recheck);
}

static void
scan_rescan(CustomScanState *node)
{
	HistoryScanState *state = (HistoryScanState *) node;

	state->started = false;
	state->nselected = state->next = 0;
	ExecScanReScan(&node->ss);
}

/*
 * Adds what this process did to what all did.
 */
static void
scan_shutdown(CustomScanState *node)
{
	HistoryScanState *state = (HistoryScanState *) node;
	ScanShared *shared = state->shared;
	HistoryScanCounters *counters = &state->counters;

	if (state->segment != NULL)
		counters->bytes = history_segment_bytes(state->segment);
	if (shared == NULL)
		return;
	counters->segments_read =
		pg_atomic_add_fetch_u64(&shared->segments_read,
								counters->segments_read);
	counters->versions = pg_atomic_add_fetch_u64(&shared->versions,
												 counters->versions);
	counters->rows = pg_atomic_add_fetch_u64(&shared->rows, counters->rows);
	counters->bytes = pg_atomic_add_fetch_u64(&shared->bytes,
											  counters->bytes);
	state->shared = NULL;
}

static void
scan_end(CustomScanState *node)
{
	HistoryScanState *state = (HistoryScanState *) node;

	if (state->index_scan != NULL)
	{
		index_endscan(state->index_scan);
		index_close(state->index, NoLock);
	}
	if (state->table_scan != NULL)
		table_endscan(state->table_scan);
	if (state->slot != NULL)
		ExecDropSingleTupleTableSlot(state->slot);
	if (state->segments != NULL)
		table_close(state->segments, NoLock);
}

static Size
scan_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	HistoryScanState *state = (HistoryScanState *) node;

	if (state->segments == NULL)
		history_scan_open(state);
	return MAXALIGN(sizeof(ScanShared)) +
		table_parallelscan_estimate(state->segments,
									node->ss.ps.state->es_snapshot);
}

static ParallelTableScanDesc
scan_parallel_desc(void *coordinate)
{
	return (ParallelTableScanDesc) ((char *) coordinate +
									MAXALIGN(sizeof(ScanShared)));
}

static void
scan_initialize_dsm(CustomScanState *node, ParallelContext *pcxt,
					void *coordinate)
{
	HistoryScanState *state = (HistoryScanState *) node;

	state->shared = coordinate;
	state->parallel = scan_parallel_desc(coordinate);
	pg_atomic_init_u64(&state->shared->segments_read, 0);
	pg_atomic_init_u64(&state->shared->versions, 0);
	pg_atomic_init_u64(&state->shared->rows, 0);
	pg_atomic_init_u64(&state->shared->bytes, 0);
	table_parallelscan_initialize(state->segments, state->parallel,
								  node->ss.ps.state->es_snapshot);
}

static void
scan_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt,
					  void *coordinate)
{
	HistoryScanState *state = (HistoryScanState *) node;

	state->shared = coordinate;
	table_parallelscan_reinitialize(state->segments,
									scan_parallel_desc(coordinate));
}

static void
scan_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	HistoryScanState *state = (HistoryScanState *) node;

	if (state->segments == NULL)
		history_scan_open(state);
	state->shared = coordinate;
	state->parallel = scan_parallel_desc(coordinate);
}
