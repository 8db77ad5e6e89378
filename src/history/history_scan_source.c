/*-------------------------------------------------------------------------
 *
 * history_scan_source.c
 *	  Reading segments as a part of their history: which segments
 *
 * Where the key is bounded from below, the btree leads to the segments that may
 * have it, run by run.  Else, where the period is bounded to a part of the
 * runs, the GiST index does.  Else all are read, by parallel workers in turns.
 * The row of a segment says when its versions were valid and what keys they
 * have, so that most that do not matter are not opened.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "history/history_directory.h"
#include "history/history_scan_bound.h"
#include "history/history_scan_state.h"
#include "history/history_sort.h"

/*
 * If runs with fewer than one in so many segments are wanted, or these fit into
 * a part of shared buffers as PostgreSQL grants it to a scan, which must be less
 * than most of all: use the GiST index.
 */
#define SCAN_PERIOD_SHARE	4
#define SCAN_PERIOD_MOST	0.75

/*
 * Opens what a scan needs, the first time.
 */
void
history_scan_open(HistoryScanState *state)
{
	EState	   *estate = state->css.ss.ps.state;
	Relation	history = state->css.ss.ss_currentRelation;
	CustomScan *plan = (CustomScan *) state->css.ss.ps.plan;
	List	   *operators = list_nth(plan->custom_private,
									 SCAN_PRIVATE_OPERATORS);
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	ListCell   *lc;

	state->segments = table_open(state->table.segments, AccessShareLock);
	history_segments_indexes(state->segments, &state->indexes);
	state->slot = table_slot_create(state->segments, NULL);
	state->selected = palloc(HISTORY_SEGMENT_VERSIONS * sizeof(uint16));
	state->runs = history_directory_runs(history, state->segments,
										 estate->es_snapshot);
	foreach(lc, state->runs)
		state->counters.segments_total += ((SegmentRun *) lfirst(lc))->segments;
	state->segment = history_segment_create(history, state->table.start_attno,
											state->table.end_attno);
	state->scan_context = AllocSetContextCreate(CurrentMemoryContext,
												"temporal segment scan",
												ALLOCSET_SMALL_SIZES);

	/* How bounds of the key column find segments */
	for (int i = 0; i < state->nbounds; i++)
	{
		ScanBoundState *bound = &state->bounds[i];
		StrategyNumber high = bound->strategy == BTEqualStrategyNumber ?
			BTGreaterEqualStrategyNumber : bound->strategy;
		StrategyNumber low = bound->strategy == BTEqualStrategyNumber ?
			BTLessEqualStrategyNumber : bound->strategy;
		Oid			type;
		Oid			ltype;
		int			strategy;

		if (bound->attno != state->table.key_attno ||
			!OidIsValid(state->indexes.by_key))
			continue;
		get_op_opfamily_properties(list_nth_oid(operators, i),
								   state->indexes.key_opfamily, false,
								   &strategy, &ltype, &type);
		if (bound->kind == SCAN_BOUND_KEYS)
			bound->key_type = type;
		bound->value_type = type;
		if (high == BTGreaterStrategyNumber ||
			high == BTGreaterEqualStrategyNumber)
		{
			bound->high_strategy = high;
			bound->high_function =
				get_opcode(get_opfamily_member(state->indexes.key_opfamily,
											   ltype, type, high));
		}
		if (low == BTLessStrategyNumber || low == BTLessEqualStrategyNumber)
		{
			bound->low_operator =
				get_opfamily_member(state->indexes.key_opfamily, ltype, type,
									low);
			fmgr_info(get_opcode(bound->low_operator), &bound->low_function);
			if (bound->kind == SCAN_BOUND_KEYS)
				fmgr_info(bound->high_function, &bound->high_called);
		}
	}
	MemoryContextSwitchTo(old);
}

typedef struct ScanKeyOrder
{
	FmgrInfo	compare;
	Oid			collation;
} ScanKeyOrder;

static int
scan_compare_keys(const void *a, const void *b, void *arg)
{
	ScanKeyOrder *order = arg;

	return DatumGetInt32(FunctionCall2Coll(&order->compare, order->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/*
 * Takes an array apart and sorts it; false if there is nothing in it.
 */
static bool
scan_set_keys(HistoryScanState *state, ScanBoundState *bound)
{
	ArrayType  *array = DatumGetArrayTypeP(bound->value);
	ScanKeyOrder order = {.collation = state->indexes.key_collation};
	RegProcedure compare = get_opfamily_proc(state->indexes.key_opfamily,
											 bound->key_type, bound->key_type,
											 BTORDER_PROC);
	int16		length;
	bool		by_value;
	char		align;
	bool	   *nulls;
	int			nkeys = 0;

	if (!RegProcedureIsValid(compare))
		elog(ERROR, "no order of type %u in operator family %u",
			 bound->key_type, state->indexes.key_opfamily);
	fmgr_info(compare, &order.compare);

	/* key_type may be that of an operator of any range, any enum ... */
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align,
					  &bound->keys, &nulls, &bound->nkeys);
	for (int i = 0; i < bound->nkeys; i++)
	{
		if (!nulls[i])
			bound->keys[nkeys++] = bound->keys[i];
	}
	bound->nkeys = nkeys;
	qsort_arg(bound->keys, nkeys, sizeof(Datum), scan_compare_keys, &order);
	bound->integers = NULL;
	if (history_scan_are_integers(state->indexes.key_type, bound->key_type))
	{
		bound->integers = palloc(nkeys * sizeof(int64));
		for (int i = 0; i < nkeys; i++)
			bound->integers[i] = history_scan_integer(bound->keys[i], length);
	}
	return nkeys > 0;
}

/*
 * Evaluates the bounds; false if one of them is null, so that no version
 * satisfies it.
 */
static bool
scan_evaluate_bounds(HistoryScanState *state)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;

	MemoryContextReset(state->scan_context);
	ResetExprContext(econtext);
	for (int i = 0; i < state->nbounds; i++)
	{
		ScanBoundState *bound = &state->bounds[i];
		MemoryContext old;

		if (bound->expr != NULL)
			bound->value = ExecEvalExprSwitchContext(bound->expr, econtext,
													 &bound->is_null);
		if (bound->is_null)
			return false;
		old = MemoryContextSwitchTo(state->scan_context);
		if (bound->expr != NULL && !bound->by_value)
			bound->value = datumCopy(bound->value, false, bound->length);
		if (bound->kind == SCAN_BOUND_KEYS &&
			OidIsValid(bound->key_type) && !scan_set_keys(state, bound))
		{
			MemoryContextSwitchTo(old);
			return false;
		}
		MemoryContextSwitchTo(old);
	}
	return true;
}

/*
 * What the bounds on the period say of segments
 */
static void
scan_period_of_bounds(HistoryScanState *state)
{
	state->has_period = false;
	state->starts_before = DT_NOEND;
	state->ends_after = DT_NOBEGIN;
	for (int i = 0; i < state->nbounds; i++)
	{
		const ScanBoundState *bound = &state->bounds[i];
		TimestampTz t = DatumGetTimestampTz(bound->value);

		/* other bounds may compare with a date: the start may be the key */
		if (bound->kind != SCAN_BOUND_INTEGER ||
			(bound->attno != state->table.start_attno &&
			 bound->attno != state->table.end_attno))
			continue;
		state->has_period = true;

		/* who starts after t ends after it, who ends before it starts before */
		if (bound->strategy >= BTEqualStrategyNumber)
			state->ends_after = Max(state->ends_after, t);
		if (bound->strategy <= BTEqualStrategyNumber)
			state->starts_before = Min(state->starts_before, t);
	}
}

static bool
scan_wants_run(const HistoryScanState *state, const SegmentRun *run)
{
	return run->starts <= state->starts_before &&
		run->ends >= state->ends_after;
}

/*
 * How few segments a bound of the key leaves
 */
static int
scan_bound_rank(const ScanBoundState *bound)
{
	return bound->strategy != BTEqualStrategyNumber ? 0 :
		bound->kind == SCAN_BOUND_KEYS ? 1 : 2;
}

/*
 * Does the session remember where the segments with the key are?
 */
static bool
scan_ask_directory(HistoryScanState *state)
{
	const ScanBoundState *bound = &state->bounds[state->key_bound];
	MemoryContext old;

	if (bound->kind != SCAN_BOUND_INTEGER ||
		bound->strategy != BTEqualStrategyNumber)
		return false;
	old = MemoryContextSwitchTo(state->scan_context);
	state->next_tid = 0;
	state->ntids =
		history_directory_find(state->css.ss.ss_currentRelation,
							   state->segments, &state->indexes,
							   state->css.ss.ps.state->es_snapshot,
							   history_scan_integer(bound->value,
													bound->length),
							   state->starts_before, state->ends_after,
							   &state->tids);
	MemoryContextSwitchTo(old);
	return state->ntids >= 0;
}

/*
 * How are segments to be found?
 */
static ScanSource
scan_choose_source(HistoryScanState *state)
{
	int64		total = 0;
	int64		wanted = 0;
	ListCell   *lc;

	state->key_bound = -1;
	for (int i = 0; i < state->nbounds; i++)
	{
		if (state->bounds[i].high_strategy != 0 &&
			(state->key_bound < 0 ||
			 scan_bound_rank(&state->bounds[i]) >
			 scan_bound_rank(&state->bounds[state->key_bound])))
			state->key_bound = i;
	}
	foreach(lc, state->runs)
	{
		const SegmentRun *run = lfirst(lc);

		total += run->segments;
		if (scan_wants_run(state, run))
			wanted += run->segments;
	}
	if (wanted == 0)
		return SCAN_NOTHING;
	if (state->parallel != NULL)
		return SCAN_ALL;
	if (state->key_bound >= 0)
		return scan_ask_directory(state) ? SCAN_BY_DIRECTORY : SCAN_BY_KEY;
	if (state->has_period && OidIsValid(state->indexes.by_period) &&
		(wanted * SCAN_PERIOD_SHARE < total ||
		 (wanted < NBuffers / 4 && wanted < total * SCAN_PERIOD_MOST)))
		return SCAN_BY_PERIOD;
	return SCAN_ALL;
}

/*
 * Asks the GiST index, and puts what it says in the order of the heap: about
 * as fast to read as all of it, page by page.
 */
static void
scan_begin_period(HistoryScanState *state)
{
	TimestampTz from = Min(state->starts_before, state->ends_after);
	TimestampTz to = Max(state->starts_before, state->ends_after);
	MemoryContext old = MemoryContextSwitchTo(state->scan_context);
	int			space = 1024;
	ItemPointer tid;
	ScanKeyData key;

	/* a subtype would be the type of elements */
	ScanKeyEntryInitialize(&key, 0, 1, RANGESTRAT_OVERLAPS, InvalidOid,
						   InvalidOid, F_RANGE_OVERLAPS,
						   history_segments_period(from, to));
	index_rescan(state->index_scan, &key, 1, NULL, 0);
	state->tids = palloc(space * sizeof(ItemPointerData));
	state->ntids = state->next_tid = 0;
	while ((tid = index_getnext_tid(state->index_scan,
									ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (state->ntids == space)
		{
			space *= 2;
			state->tids = repalloc_huge(state->tids,
										space * sizeof(ItemPointerData));
		}
		state->tids[state->ntids++] = *tid;
	}
	MemoryContextSwitchTo(old);
	history_sort_tids(state->tids, state->ntids);
}

/*
 * Searches the btree for the run.
 */
static void
scan_search_run(HistoryScanState *state, const SegmentRun *run)
{
	const ScanBoundState *bound = &state->bounds[state->key_bound];
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(run->run));
	ScanKeyEntryInitialize(&keys[1], 0, 2, bound->high_strategy,
						   bound->value_type, state->indexes.key_collation,
						   bound->high_function,
						   bound->kind == SCAN_BOUND_KEYS ?
						   bound->keys[bound->key] : bound->value);
	index_rescan(state->index_scan, keys, 2, NULL, 0);
	state->in_run = true;
	state->has_tie = false;
}

static void
scan_open_index(HistoryScanState *state, Oid index, int nkeys)
{
	if (state->index_scan != NULL && RelationGetRelid(state->index) == index)
		return;
	if (state->index_scan != NULL)
	{
		index_endscan(state->index_scan);
		index_close(state->index, NoLock);
	}
	state->index = index_open(index, AccessShareLock);
	state->index_scan =
		temporal_index_beginscan(state->segments, state->index,
								 state->css.ss.ps.state->es_snapshot, nkeys,
								 0);
}

void
history_scan_start(HistoryScanState *state)
{
	MemoryContext old;

	state->started = true;
	state->source = SCAN_NOTHING;
	state->nselected = state->next = 0;
	if (state->once != NULL &&
		!ExecQual(state->once, state->css.ss.ps.ps_ExprContext))
		return;
	if (state->segments == NULL)
		history_scan_open(state);
	if (!scan_evaluate_bounds(state))
		return;
	scan_period_of_bounds(state);
	state->source = scan_choose_source(state);

	old = MemoryContextSwitchTo(state->css.ss.ps.state->es_query_cxt);
	switch (state->source)
	{
		case SCAN_BY_DIRECTORY:
			break;
		case SCAN_BY_KEY:
			scan_open_index(state, state->indexes.by_key, 2);
			state->run = list_head(state->runs);
			state->in_run = false;
			break;
		case SCAN_BY_PERIOD:
			scan_open_index(state, state->indexes.by_period, 1);
			scan_begin_period(state);
			break;
		case SCAN_ALL:
			if (state->parallel != NULL)
			{
				if (state->table_scan == NULL)
					state->table_scan =
						table_beginscan_parallel(state->segments,
												 state->parallel);
			}
			else if (state->table_scan == NULL)
				state->table_scan =
					table_beginscan(state->segments,
									state->css.ss.ps.state->es_snapshot, 0,
									NULL);
			else
				table_rescan(state->table_scan, NULL);
			break;
		case SCAN_NOTHING:
			break;
	}
	MemoryContextSwitchTo(old);
}

/*
 * May the segment have versions that satisfy the bounds?  *past says that none
 * that follows in the run may.
 */
static bool
scan_wants_segment(HistoryScanState *state, const SegmentRow *row, bool *past)
{
	*past = false;
	for (int i = 0; i < state->nbounds; i++)
	{
		ScanBoundState *bound = &state->bounds[i];

		if (!OidIsValid(bound->low_operator) ||
			bound->kind == SCAN_BOUND_KEYS)
			continue;
		if (row->no_key ||
			!DatumGetBool(FunctionCall2Coll(&bound->low_function,
											state->indexes.key_collation,
											row->key_low, bound->value)))
		{
			*past = true;
			return false;
		}
	}
	return row->starts <= state->starts_before &&
		row->ends >= state->ends_after;
}

/*
 * The segment has no key that is wanted: may one that follows in the run have
 * any?  Only if it has the same greatest key, and this one no other: several
 * segments can end with a key, and when one of them was written again it stands
 * behind the others.
 */
static bool
scan_is_past(HistoryScanState *state, const SegmentRow *row)
{
	FmgrInfo   *compare = index_getprocinfo(state->index, 2, BTORDER_PROC);
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(state->segments),
										  Anum_segments_key_high - 1);
	Oid			collation = state->indexes.key_collation;
	MemoryContext old;

	if (row->no_key)
		return true;
	if (state->has_tie)
		return DatumGetInt32(FunctionCall2Coll(compare, collation,
											   row->key_high,
											   state->tie)) != 0;
	if (DatumGetInt32(FunctionCall2Coll(compare, collation, row->key_low,
										row->key_high)) != 0)
		return true;
	old = MemoryContextSwitchTo(state->scan_context);
	state->tie = datumCopy(row->key_high, att->attbyval, att->attlen);
	state->has_tie = true;
	MemoryContextSwitchTo(old);
	return false;
}

/*
 * May the segment have a key of the array?  If not, *past says that none that
 * follows in the run has one; and where the next key lies further on the btree
 * is searched for it.
 */
static bool
scan_has_key_of_array(HistoryScanState *state, const SegmentRun *run,
					  const SegmentRow *row, bool *past)
{
	ScanBoundState *bound = &state->bounds[state->key_bound];
	Oid			collation = state->indexes.key_collation;
	int			low = 0;
	int			high = bound->nkeys;

	*past = row->no_key;
	if (row->no_key)
		return false;

	/* the first one that is not below the segment */
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (DatumGetBool(FunctionCall2Coll(&bound->low_function, collation,
										   row->key_low,
										   bound->keys[middle])))
			high = middle;
		else
			low = middle + 1;
	}
	if (low < bound->nkeys &&
		DatumGetBool(FunctionCall2Coll(&bound->high_called, collation,
									   row->key_high, bound->keys[low])))
		return true;

	/* one that is below may be in another that ends with the same key */
	if (low > 0 && !scan_is_past(state, row))
		return false;
	*past = low == bound->nkeys;
	if (!*past)
	{
		bound->key = low;
		scan_search_run(state, run);
	}
	return false;
}

/*
 * The next row by the btree
 */
static bool
scan_next_by_key(HistoryScanState *state, SegmentRow *row)
{
	for (; state->run != NULL;
		 state->run = lnext(state->runs, state->run), state->in_run = false)
	{
		const SegmentRun *run = lfirst(state->run);

		if (!scan_wants_run(state, run))
			continue;
		if (!state->in_run)
		{
			state->bounds[state->key_bound].key = 0;
			scan_search_run(state, run);
		}
		while (index_getnext_slot(state->index_scan, ForwardScanDirection,
								  state->slot))
		{
			bool		past;

			history_segments_read(state->slot, row);
			if (state->bounds[state->key_bound].kind == SCAN_BOUND_KEYS &&
				!scan_has_key_of_array(state, run, row, &past))
			{
				if (past)
					break;
				continue;
			}
			if (scan_wants_segment(state, row, &past))
				return true;
			if (past && scan_is_past(state, row))
				break;
		}
	}
	return false;
}

/*
 * The next row of those whose places are known
 */
static bool
scan_next_by_place(HistoryScanState *state, SegmentRow *row)
{
	Relation	history = state->css.ss.ss_currentRelation;
	Snapshot	snapshot = state->css.ss.ps.state->es_snapshot;
	bool		past;

	while (state->next_tid < state->ntids)
	{
		CHECK_FOR_INTERRUPTS();
		if (!table_tuple_fetch_row_version(state->segments,
										   &state->tids[state->next_tid++],
										   snapshot, state->slot))
		{
			/* an index also has what nobody sees any more */
			if (state->source == SCAN_BY_DIRECTORY)
				elog(ERROR, "a segment of history \"%s\" has gone",
					 RelationGetRelationName(history));
			continue;
		}
		history_segments_read(state->slot, row);
		if (scan_wants_segment(state, row, &past))
			return true;
	}
	return false;
}

/*
 * The next row of a segment that has to be opened
 */
bool
history_scan_next_row(HistoryScanState *state, SegmentRow *row)
{
	bool		past;

	switch (state->source)
	{
		case SCAN_BY_DIRECTORY:
		case SCAN_BY_PERIOD:
			return scan_next_by_place(state, row);
		case SCAN_BY_KEY:
			return scan_next_by_key(state, row);
		case SCAN_ALL:
			while (table_scan_getnextslot(state->table_scan,
										  ForwardScanDirection, state->slot))
			{
				CHECK_FOR_INTERRUPTS();
				history_segments_read(state->slot, row);
				if (scan_wants_segment(state, row, &past))
					return true;
			}
			return false;
		case SCAN_NOTHING:
			break;
	}
	return false;
}
