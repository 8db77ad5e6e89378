/*-------------------------------------------------------------------------
 *
 * history_prune_segments.c
 *	  Removing versions from a history: its segments
 *
 * A segment of which all versions are to go is deleted without being opened:
 * its row says when its versions ended.  One of which some are to go is
 * written again without them; its key range can only become smaller, so that
 * the segments of its run still do not overlap.
 *
 * THE RUN'S ROW
 *		is kept true with it, by the transaction that changes its segments:
 *		numbers and sizes, and a run without segments goes.  Its times are not
 *		made narrower than they can be known to be without looking at all of
 *		its segments: they are bounds, and so is the first quantile of the
 *		ends.  The other quantiles, which are estimates, become those of what
 *		is left when the oldest versions go.
 *
 * THE LIST
 *		of segments to look at is made once, from their index.  Who works
 *		through it in several transactions may find another segment at a place,
 *		or none: each is judged by what it is then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "catalog/job_progress.h"
#include "history/history_prune.h"
#include "history/history_reach.h"
#include "history/history_segment.h"
#include "history/history_segments.h"
#include "history/history_sort.h"

/* A run, and what happened to it */
typedef struct PruneRun
{
	SegmentRun	run;
	int64		versions;		/* that it had */
	bool		changed;
} PruneRun;

typedef struct PruneState
{
	PruneWork  *work;
	const SegmentTable *table;
	Relation	segments;
	Snapshot	snapshot;

	PruneRun   *runs;			/* in the order of their numbers */
	int			nruns;

	/* The segment being looked at */
	MemoryContext context;
	HistorySegment *segment;
	TupleTableSlot *version;	/* with the columns that the rule looks at */
	bool	   *goes;			/* [version] */
} PruneState;

static PruneRun *
prune_find_run(PruneState *state, int32 number)
{
	int			low = 0;
	int			high = state->nruns;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (state->runs[middle].run.run < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == state->nruns || state->runs[low].run.run != number)
		elog(ERROR, "run %d of history \"%s\" has no row", number,
			 RelationGetRelationName(state->work->history));
	return &state->runs[low];
}

static void
prune_begin(PruneState *state)
{
	PruneWork  *work = state->work;
	List	   *runs = segment_run_list(RelationGetRelid(work->history), NULL,
										true);
	ListCell   *lc;

	state->nruns = list_length(runs);
	state->runs = palloc0((state->nruns + 1) * sizeof(PruneRun));
	foreach(lc, runs)
	{
		PruneRun   *run = &state->runs[foreach_current_index(lc)];

		run->run = *(SegmentRun *) lfirst(lc);
		run->versions = run->run.versions;
	}
	list_free_deep(runs);
	state->snapshot = RegisterSnapshot(GetLatestSnapshot());
	state->context = AllocSetContextCreate(CurrentMemoryContext,
										   "temporal pruned segment",
										   ALLOCSET_DEFAULT_SIZES);
	state->segment = history_segment_create(work->history,
											state->table->start_attno,
											state->table->end_attno);
	state->version =
		MakeSingleTupleTableSlot(RelationGetDescr(work->history),
								 &TTSOpsVirtual);
	state->goes = palloc(HISTORY_SEGMENT_VERSIONS * sizeof(bool));
}

/*
 * Asks the rule about a version of the open segment.
 */
static bool
prune_chooses(PruneState *state, int place, TimestampTz end)
{
	const PruneRule *rule = state->work->rule;
	TupleTableSlot *slot = state->version;
	int			attno = -1;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
	while ((attno = bms_next_member(rule->columns, attno)) >= 0)
	{
		const Datum *values;
		const bool *nulls;

		history_segment_read(state->segment, attno, &values, &nulls);
		slot->tts_values[attno - 1] = values[place];
		slot->tts_isnull[attno - 1] = nulls != NULL && nulls[place];
	}
	ExecStoreVirtualTuple(slot);
	return rule->chooses(rule->arg, slot, end);
}

/*
 * Marks what is to go of the segment that is open; returns how many, and adds
 * them to *gone.
 */
static int
prune_mark(PruneState *state, int nversions, PruneResult *gone)
{
	const PruneRule *rule = state->work->rule;
	const Datum *starts;
	const Datum *ends;
	const bool *nulls;			/* none is: such stay in the heap */
	int			n = 0;

	history_segment_read(state->segment, state->table->start_attno, &starts,
						 &nulls);
	history_segment_read(state->segment, state->table->end_attno, &ends,
						 &nulls);
	for (int i = 0; i < nversions; i++)
	{
		TimestampTz end = DatumGetTimestampTz(ends[i]);

		state->goes[i] = end <= rule->before &&
			!prune_pins(rule, DatumGetTimestampTz(starts[i]), end) &&
			(rule->chooses == NULL || prune_chooses(state, i, end));
		if (!state->goes[i])
			continue;
		prune_result_add(gone, 1, 0, end, end);
		n++;
	}
	return n;
}

/*
 * A column of the open segment without what is marked.
 */
static int
prune_copy_column(PruneState *state, int nversions, AttrNumber attno,
				  Datum *values, bool *nulls)
{
	TupleDesc	desc = RelationGetDescr(state->work->history);
	bool		dropped = TupleDescAttr(desc, attno - 1)->attisdropped;
	const Datum *old_values = NULL;
	const bool *old_nulls = NULL;
	int			n = 0;

	if (!dropped)
		history_segment_read(state->segment, attno, &old_values, &old_nulls);
	for (int i = 0; i < nversions; i++)
	{
		if (state->goes[i])
			continue;
		values[n] = dropped ? (Datum) 0 : old_values[i];
		nulls[n++] = dropped || (old_nulls != NULL && old_nulls[i]);
	}
	return n;
}

/*
 * The open segment without what is marked, as a row; in the current context.
 */
static void
prune_form_rest(PruneState *state, int nversions, SegmentRow *row)
{
	TupleDesc	desc = RelationGetDescr(state->work->history);
	const SegmentTable *table = state->table;
	SegmentColumns columns = {
		.values = palloc(desc->natts * sizeof(Datum *)),
		.nulls = palloc(desc->natts * sizeof(bool *)),
	};

	for (int j = 0; j < desc->natts; j++)
	{
		columns.values[j] = palloc(nversions * sizeof(Datum));
		columns.nulls[j] = palloc(nversions * sizeof(bool));
		columns.nversions = prune_copy_column(state, nversions, j + 1,
											  columns.values[j],
											  columns.nulls[j]);
	}
	row->versions = columns.nversions;
	row->starts = DT_NOEND;
	row->ends = DT_NOBEGIN;
	for (int i = 0; i < columns.nversions; i++)
	{
		row->starts = Min(row->starts,
						  DatumGetTimestampTz(columns.values[table->start_attno - 1][i]));
		row->ends = Max(row->ends,
						DatumGetTimestampTz(columns.values[table->end_attno - 1][i]));
	}
	row->no_key = true;
	if (table->key_attno != 0)
	{
		const Datum *keys = columns.values[table->key_attno - 1];
		const bool *no_key = columns.nulls[table->key_attno - 1];
		int			last = columns.nversions - 1;

		/* null sorts last */
		while (last > 0 && no_key[last])
			last--;
		row->no_key = no_key[0];
		row->key_low = keys[0];
		row->key_high = keys[last];
	}
	row->data = history_segment_form(desc, table->start_attno,
									 table->end_attno, &columns,
									 state->work->level);
}

/*
 * What a segment's versions take, compressed
 */
static int64
prune_segment_bytes(const SegmentRow *row)
{
	return toast_raw_datum_size(row->data);
}

/*
 * Notes that versions, and with them so many segments, went from a run.
 */
static void
prune_note(PruneState *state, PruneRun *run, int segments,
		   const PruneResult *gone)
{
	if (!state->work->dry)
	{
		run->changed = true;
		if (run->run.versions > 0)
			run->run.raw_bytes -= (int64) ((double) run->run.raw_bytes *
										   gone->versions /
										   run->run.versions);
		run->run.versions -= gone->versions;
		run->run.segments -= segments;
		run->run.bytes -= gone->bytes;
	}
	prune_result_add(&state->work->result, gone->versions, gone->bytes,
					 gone->first, gone->last);
}

/*
 * Removes a segment, whose versions ended between the first of the run and its
 * own end.
 */
static void
prune_whole(PruneState *state, PruneRun *run, const SegmentRow *row,
			ItemPointer tid)
{
	PruneResult gone;

	if (!state->work->dry &&
		!prune_delete(state->segments, tid, state->snapshot))
		return;
	prune_result_init(&gone);
	prune_result_add(&gone, row->versions, prune_segment_bytes(row),
					 run->run.end_quantiles[0], row->ends);
	prune_note(state, run, 1, &gone);
}

/*
 * Removes what is to go of a segment; in a context of its own.
 */
static void
prune_some(PruneState *state, PruneRun *run, const SegmentRow *row,
		   ItemPointer tid)
{
	PruneWork  *work = state->work;
	bool		partly_old = row->ends > work->rule->before;
	SegmentRow	rest = *row;
	PruneResult gone;
	int			nversions;
	int			n;

	prune_result_init(&gone);
	nversions = history_segment_open(state->segment, row->data, tid,
									 2 + bms_num_members(work->rule->columns));
	n = prune_mark(state, nversions, &gone);
	if (n == 0 || (work->lazy && partly_old && n < nversions / 2))
		return;
	gone.bytes = prune_segment_bytes(row);
	if (work->dry)
		gone.bytes = gone.bytes * n / nversions;
	else if (n < nversions)
	{
		(void) history_segment_open(state->segment, row->data, tid,
									RelationGetDescr(work->history)->natts);
		prune_form_rest(state, nversions, &rest);
		gone.bytes -= prune_segment_bytes(&rest);
	}
	if (!work->dry && !prune_delete(state->segments, tid, state->snapshot))
		return;
	if (!work->dry && n < nversions)
		history_segments_insert(state->segments, &rest);
	prune_note(state, run, n == nversions ? 1 : 0, &gone);
}

/*
 * Are so few versions of the run old that none of its segments is worth it?
 */
static bool
prune_leaves_run(const PruneState *state, const SegmentRun *run)
{
	const PruneWork *work = state->work;

	return run->end_quantiles[0] > work->rule->before ||
		(work->lazy && run->ends > work->rule->before &&
		 run->end_quantiles[SEGMENT_RUN_QUANTILES / 4] > work->rule->before);
}

/*
 * The quantiles of the ends when the oldest part of the versions has gone
 */
static void
prune_shift_quantiles(PruneRun *run)
{
	TimestampTz old[SEGMENT_RUN_QUANTILES];
	double		left = (double) run->run.versions / Max(run->versions, 1);

	memcpy(old, run->run.end_quantiles, sizeof(old));
	for (int i = 1; i < SEGMENT_RUN_QUANTILES; i++)
	{
		double		place = (1 - left) * (SEGMENT_RUN_QUANTILES - 1) + left * i;
		int			below = Min((int) place, SEGMENT_RUN_QUANTILES - 2);

		run->run.end_quantiles[i] = old[below] +
			(TimestampTz) ((double) (old[below + 1] - old[below]) *
						   (place - below));
	}
}

static void
prune_end(PruneState *state)
{
	Oid			history = RelationGetRelid(state->work->history);
	bool		oldest = state->work->rule->chooses == NULL &&
		state->work->rule->npins == 0;

	for (int i = 0; i < state->nruns; i++)
	{
		PruneRun   *run = &state->runs[i];

		if (!run->changed)
			continue;
		if (oldest && run->run.segments > 0)
			prune_shift_quantiles(run);
		history_reach_change_segments(history);
		segment_run_update(history, &run->run);
	}
	UnregisterSnapshot(state->snapshot);
	ExecDropSingleTupleTableSlot(state->version);
	MemoryContextDelete(state->context);
	pfree(state->runs);
}

/*
 * Looks at a segment.
 */
static void
prune_segment(PruneState *state, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(state->context);
	SegmentRow	row;
	PruneRun   *run;

	history_segments_read(slot, &row);
	run = prune_find_run(state, row.run);
	if (!prune_leaves_run(state, &run->run))
		switch (prune_choose_segment(state->work->rule, row.starts, row.ends,
									 run->run.end_quantiles[0]))
		{
			case PRUNE_NOTHING:
				break;
			case PRUNE_WHOLE:
				prune_whole(state, run, &row, &slot->tts_tid);
				break;
			case PRUNE_SOME:
				prune_some(state, run, &row, &slot->tts_tid);
				break;
		}
	MemoryContextSwitchTo(old);
	MemoryContextReset(state->context);
}

/*
 * Adds a segment, whatever is in it.
 */
static void
prune_add(PruneList *list, ItemPointer tid)
{
	CHECK_FOR_INTERRUPTS();
	job_progress_give_way();
	if (list->ntids == list->space)
	{
		list->space *= 2;
		list->tids = repalloc_huge(list->tids,
								   list->space * sizeof(ItemPointerData));
	}
	list->tids[list->ntids++] = *tid;
}

/*
 * Lists the segments that an index, by its period, or a scan gives.  An index
 * is believed: each segment has a page of its own, so that looking at all of
 * them takes longer than a batch may, and is done anyway when its turn comes.
 */
static void
prune_list(PruneState *state, PruneList *list)
{
	Relation	segments = state->segments;
	SegmentIndexes indexes;

	history_segments_indexes(segments, &indexes);
	if (OidIsValid(indexes.by_period))
	{
		Relation	index = index_open(indexes.by_period, AccessShareLock);
		IndexScanDesc scan = temporal_index_beginscan(segments, index,
													  state->snapshot, 1, 0);
		ScanKeyData key;
		ItemPointer tid;

		ScanKeyInit(&key, 1, RANGESTRAT_OVERLAPS, F_RANGE_OVERLAPS,
					history_segments_period(DT_NOBEGIN,
											state->work->rule->before));
		index_rescan(scan, &key, 1, NULL, 0);
		while ((tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
			prune_add(list, tid);
		index_endscan(scan);
		index_close(index, NoLock);
	}
	else
	{
		TupleTableSlot *slot = table_slot_create(segments, NULL);
		TableScanDesc scan = table_beginscan(segments, state->snapshot, 0,
											 NULL);

		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
			prune_add(list, &slot->tts_tid);
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
}

void
history_prune_find(PruneWork *work, const SegmentTable *table,
				   Relation segments, PruneList *list)
{
	PruneState	state = {
		.work = work,
		.table = table,
		.segments = segments,
	};

	memset(list, 0, sizeof(*list));
	list->space = 1024;
	list->tids = palloc(list->space * sizeof(ItemPointerData));
	prune_begin(&state);
	for (int i = 0; i < state.nruns; i++)
	{
		if (prune_leaves_run(&state, &state.runs[i].run))
			continue;
		prune_list(&state, list);
		break;
	}
	prune_end(&state);
	history_sort_tids(list->tids, list->ntids);
}

bool
history_prune_segments(PruneWork *work, const SegmentTable *table,
					   Relation segments, PruneList *list)
{
	PruneState	state = {
		.work = work,
		.table = table,
		.segments = segments,
	};
	TupleTableSlot *slot;

	if (list->next >= list->ntids)
		return true;
	prune_begin(&state);
	slot = table_slot_create(segments, NULL);
	do
	{
		CHECK_FOR_INTERRUPTS();
		job_progress_pause();
		job_progress_give_way();
		if (table_tuple_fetch_row_version(segments,
										  &list->tids[list->next++],
										  state.snapshot, slot))
			prune_segment(&state, slot);
		ExecClearTuple(slot);
	} while (list->next < list->ntids && !prune_is_done(work));
	ExecDropSingleTupleTableSlot(slot);
	prune_end(&state);
	return list->next >= list->ntids;
}
