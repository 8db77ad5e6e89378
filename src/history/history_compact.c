/*-------------------------------------------------------------------------
 *
 * history_compact.c
 *	  Moving versions between a history's heap and its segments
 *
 * A RUN
 *		is what is sorted together: versions that ended in one slice of time,
 *		in the order of the primary key and, for each key, of time.  Versions of
 *		one row stand together there, which is what makes them small; and a
 *		question about one instant needs few runs, which is what makes it fast.
 *		A slice therefore has as many versions as make several of each row
 *		(COMPACT_VERSIONS_A_ROW), within bounds.  Versions that lived for long
 *		make runs of their own: history_slices.c.
 *
 *		Versions become old enough little by little, so the last slices are
 *		made anew, together with what comes, until they are full: as
 *		log-structured merge trees do it.
 *
 * ONE PLACE AT EVERY SNAPSHOT
 *		Versions are inserted into segments and deleted from the heap by the
 *		same transaction, so every snapshot sees each of them either here or
 *		there.  Only versions that are visible, and so committed, are moved.
 *		Only retention (history_prune.c) deletes from a history besides; all of
 *		us exclude each other by a lock on the segments' relation that neither
 *		readers nor writers of history need.  Before there is one, a version
 *		that retention takes while we move it is an error, to be tried again.
 *
 * THE FIRST SEGMENTS
 *		A plan that was made when there were none does not look for segments.
 *		It would be wrong for a snapshot taken later than the first segments
 *		were committed, and plans are made before snapshots are taken.  So the
 *		transaction that makes the first ones waits for a moment without readers
 *		before it commits: history_compact_lock.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/job_progress.h"
#include "catalog/segment_table.h"
#include "catalog/versioned_table.h"
#include "history/history_access.h"
#include "history/history_compact.h"
#include "history/history_compact_lock.h"
#include "history/history_reach.h"
#include "history/history_segment.h"
#include "history/history_segments.h"
#include "history/history_slices.h"
#include "history/history_sort.h"
#include "history/history_store.h"

/* Versions in a slice: so many for each current row, but within these bounds */
#define COMPACT_VERSIONS_A_ROW	4
#define COMPACT_SLICE_LEAST		100000
#define COMPACT_SLICE_MOST		2000000

/* A slice that is made anew is at most so much larger than what comes to it */
#define COMPACT_MERGE_SHARE		4

/*
 * Versions in the first segment of a run.  Later ones have as many as should
 * fill a page, going by what the one before came to; where so few fill it that
 * they would not be compressed well, so many that they are out of line.
 */
#define COMPACT_SEGMENT_FIRST	800
#define COMPACT_SEGMENT_LEAST	64
#define COMPACT_SEGMENT_LARGE	250
#define COMPACT_SEGMENT_FILL	0.97

/* Tries to make one that fits into a page */
#define COMPACT_SEGMENT_TRIES	3

/* Times of a run's versions that its quantiles are of */
#define COMPACT_RUN_SAMPLE		16384

/* A segment is closed at this size of its versions */
#define COMPACT_SEGMENT_BYTES	(4 * 1024 * 1024)

/* Times of a run's versions: the extremes, and a sample of what lies between */
typedef struct RunTimes
{
	TimestampTz first;
	TimestampTz last;
	TimestampTz *sample;		/* of COMPACT_RUN_SAMPLE */
	uint64		random;
} RunTimes;

typedef struct CompactState
{
	/* The history */
	Relation	history;
	TupleDesc	desc;
	SliceOrder	order;
	int			level;

	/* Its segments */
	Relation	segments;
	AttrNumber	key_attno;

	/* The run that is being made */
	SegmentRun	run;
	RunTimes	starts;
	RunTimes	ends;

	/* The segment that is being made */
	MemoryContext segment_context;	/* its versions */
	MemoryContext spare_context;	/* those that are left for the next one */
	SegmentColumns columns;
	Size		segment_bytes;
	int			segment_versions;	/* how many it is to have */

	/* Slices that are made anew: their runs, and the rows of their segments */
	List	   *merged_runs;	/* of SegmentRun */
	List	   *merged_tids;	/* of ItemPointer */

	CompactResult *result;
} CompactState;

static void
compact_state_init(CompactState *state, const VersionedTable *table)
{
	memset(state, 0, sizeof(*state));
	state->history = table_open(table->history, NoLock);
	state->desc = RelationGetDescr(state->history);
	state->order.history = state->history;
	state->order.start_attno = get_attnum(table->history,
										  NameStr(table->start_column));
	state->order.end_attno = get_attnum(table->history,
										NameStr(table->end_column));
	if (state->order.start_attno == InvalidAttrNumber ||
		state->order.end_attno == InvalidAttrNumber)
		elog(ERROR, "history \"%s\" has no period columns",
			 RelationGetRelationName(state->history));
}

/*
 * The primary key's columns, by their number in the history; and how many
 * versions a slice should have.
 */
static void
compact_look_at_table(CompactState *state, Oid relid)
{
	SliceOrder *order = &state->order;
	Relation	rel = table_open(relid, AccessShareLock);
	double		versions = Max(rel->rd_rel->reltuples, 0) *
		COMPACT_VERSIONS_A_ROW;
	Relation	index;

	order->versions = Min(Max(versions, COMPACT_SLICE_LEAST),
						  COMPACT_SLICE_MOST);

	(void) RelationGetIndexList(rel);
	if (OidIsValid(rel->rd_pkindex))
	{
		index = index_open(rel->rd_pkindex, AccessShareLock);
		order->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
		order->key_attnos = palloc(order->nkeys * sizeof(AttrNumber));
		for (int i = 0; i < order->nkeys; i++)
		{
			AttrNumber	attno = index->rd_index->indkey.values[i];
			char	   *name = get_attname(relid, attno, false);

			order->key_attnos[i] =
				get_attnum(RelationGetRelid(state->history), name);
			if (order->key_attnos[i] == InvalidAttrNumber)
				elog(ERROR, "history \"%s\" has no column \"%s\"",
					 RelationGetRelationName(state->history), name);
		}
		index_close(index, AccessShareLock);
	}
	table_close(rel, NoLock);
}

/*
 * How many versions fill a page, if n of them have so many bytes
 */
static int
compact_segment_versions(int n, Size bytes)
{
	double		versions = HISTORY_SEGMENT_BYTES * COMPACT_SEGMENT_FILL * n /
		bytes;

	return versions < COMPACT_SEGMENT_LEAST ? COMPACT_SEGMENT_LARGE :
		(int) Min(versions, HISTORY_SEGMENT_VERSIONS);
}

/*
 * Makes a segment of the versions, or of as many of the first ones as fit into
 * a page: out of line it would cost a look-up several more.
 */
static Datum
compact_form_segment(CompactState *state)
{
	SegmentColumns *columns = &state->columns;

	for (int try = 1;; try++)
	{
		Datum		data = history_segment_form(state->desc,
												state->order.start_attno,
												state->order.end_attno,
												columns, state->level);
		Size		bytes = VARSIZE(DatumGetPointer(data));

		state->segment_versions = compact_segment_versions(columns->nversions,
														   bytes);
		if (bytes <= HISTORY_SEGMENT_BYTES || try == COMPACT_SEGMENT_TRIES ||
			state->segment_versions >= columns->nversions)
			return data;
		columns->nversions = state->segment_versions;
	}
}

/*
 * A copy of a value of the history, in the current context.
 */
static Datum
compact_copy_value(CompactState *state, Form_pg_attribute att, Datum value)
{
	if (att->attbyval)
		return value;
	if (att->attlen == -1)
	{
		struct varlena *plain = PG_DETOAST_DATUM_PACKED(value);

		state->segment_bytes += VARSIZE_ANY(plain);
		if ((Pointer) plain != DatumGetPointer(value))
			return PointerGetDatum(plain);
	}
	else
		state->segment_bytes += att->attlen;
	return datumCopy(value, false, att->attlen);
}

/*
 * Forgets the versions that are in a segment; the next one begins with those
 * that are left of n.
 */
static void
compact_keep_rest(CompactState *state, int n)
{
	SegmentColumns *columns = &state->columns;
	int			done = columns->nversions;
	MemoryContext written = state->segment_context;
	MemoryContext old;

	state->segment_context = state->spare_context;
	state->spare_context = written;
	state->segment_bytes = 0;
	old = MemoryContextSwitchTo(state->segment_context);
	for (int i = 0; i < state->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(state->desc, i);

		for (int j = done; j < n; j++)
		{
			bool		isnull = columns->nulls[i][j] || att->attisdropped;

			columns->nulls[i][j - done] = columns->nulls[i][j];
			columns->values[i][j - done] = isnull ? (Datum) 0 :
				compact_copy_value(state, att, columns->values[i][j]);
		}
	}
	MemoryContextSwitchTo(old);
	columns->nversions = n - done;
	MemoryContextReset(written);
}

/*
 * Writes a segment of the versions that there are, or of the first of them.
 */
static void
compact_end_segment(CompactState *state)
{
	SegmentColumns *columns = &state->columns;
	int			all = columns->nversions;
	int			n;
	SegmentRow	row = {
		.run = state->run.run,
		.starts = DT_NOEND,
		.ends = DT_NOBEGIN,
	};
	MemoryContext old;

	if (all == 0)
		return;
	old = MemoryContextSwitchTo(state->segment_context);
	row.data = compact_form_segment(state);
	row.versions = n = columns->nversions;
	for (int i = 0; i < n; i++)
	{
		row.starts = Min(row.starts,
						 DatumGetTimestampTz(columns->values[state->order.start_attno - 1][i]));
		row.ends = Max(row.ends,
					   DatumGetTimestampTz(columns->values[state->order.end_attno - 1][i]));
	}
	if (state->key_attno != 0)
	{
		const Datum *keys = columns->values[state->key_attno - 1];
		const bool *no_key = columns->nulls[state->key_attno - 1];
		int			last = n - 1;

		/* null sorts last */
		while (last > 0 && no_key[last])
			last--;
		row.no_key = no_key[0];
		row.key_low = keys[0];
		row.key_high = keys[last];
	}
	history_segments_insert(state->segments, &row);

	state->run.starts = Min(state->run.starts, row.starts);
	state->run.ends = Max(state->run.ends, row.ends);
	state->run.segments++;
	state->run.bytes += VARSIZE(DatumGetPointer(row.data));
	MemoryContextSwitchTo(old);
	compact_keep_rest(state, all);
}

static void
run_times_begin(RunTimes *times)
{
	times->first = DT_NOEND;
	times->last = DT_NOBEGIN;
	times->random = HISTORY_SAMPLE_SEED;
}

/*
 * Takes the time of a version, the first one of which has number 0.
 */
static void
run_times_add(RunTimes *times, int64 number, TimestampTz time)
{
	times->first = Min(times->first, time);
	times->last = Max(times->last, time);
	history_sample_add(times->sample, COMPACT_RUN_SAMPLE, number, &times->random,
					   time);
}

static void
run_times_quantiles(RunTimes *times, int64 versions, TimestampTz *quantiles)
{
	int64		n = Min(versions, COMPACT_RUN_SAMPLE);

	history_sort_times(times->sample, n);
	for (int i = 1; i < SEGMENT_RUN_QUANTILES - 1; i++)
		quantiles[i] = times->sample[i * (n - 1) /
									 (SEGMENT_RUN_QUANTILES - 1)];
	quantiles[0] = times->first;
	quantiles[SEGMENT_RUN_QUANTILES - 1] = times->last;
}

static void
compact_begin_run(CompactState *state, int32 slice)
{
	int32		run = state->run.run + 1;

	memset(&state->run, 0, sizeof(state->run));
	state->run.run = run;
	state->run.slice = slice;
	state->run.starts = DT_NOEND;
	state->run.ends = DT_NOBEGIN;
	run_times_begin(&state->starts);
	run_times_begin(&state->ends);
	state->segment_versions = COMPACT_SEGMENT_FIRST;
}

static void
compact_end_run(CompactState *state)
{
	SegmentRun *run = &state->run;

	while (state->columns.nversions > 0)
		compact_end_segment(state);
	if (run->versions == 0)
		return;
	run_times_quantiles(&state->starts, run->versions, run->start_quantiles);
	run_times_quantiles(&state->ends, run->versions, run->end_quantiles);
	segment_run_insert(RelationGetRelid(state->history), run);
	state->result->bytes_after += run->bytes;
	state->result->segments += run->segments;
	state->result->runs++;
}

/*
 * Adds a sorted version to the segment that is being made.
 */
static void
compact_add(CompactState *state, const SliceVersion *version)
{
	SegmentColumns *columns = &state->columns;
	SegmentRun *run = &state->run;
	MemoryContext old;
	int			n;

	while (columns->nversions >= state->segment_versions ||
		   state->segment_bytes >= COMPACT_SEGMENT_BYTES)
		compact_end_segment(state);
	n = columns->nversions;

	old = MemoryContextSwitchTo(state->segment_context);
	for (int i = 0; i < state->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(state->desc, i);

		columns->nulls[i][n] = version->nulls[i];
		columns->values[i][n] = version->nulls[i] || att->attisdropped ?
			(Datum) 0 : compact_copy_value(state, att, version->values[i]);
	}
	MemoryContextSwitchTo(old);
	columns->nversions++;

	run_times_add(&state->starts, run->versions,
				  DatumGetTimestampTz(version->values[state->order.start_attno - 1]));
	run_times_add(&state->ends, run->versions,
				  DatumGetTimestampTz(version->values[state->order.end_attno - 1]));
	run->versions++;
	run->raw_bytes += version->size;
}

static void
compact_delete_tuple(CompactState *state, Relation rel, ItemPointer tid)
{
	if (history_delete(rel, tid, state->order.snapshot, true) != TM_Ok)
		history_compact_refuse(state->history);
}

/*
 * Takes what is in segments now out of the heap, page by page.
 */
static void
compact_delete(CompactState *state, const HistorySlices *slices)
{
	int64		nplaces;
	ItemPointerData *places = history_slices_places(slices, &nplaces);

	if (nplaces != state->result->versions)
		elog(ERROR, "%lld versions of the heap are in segments instead of %lld",
			 (long long) state->result->versions, (long long) nplaces);
	job_progress_set_phase("deleting from heap");
	for (int64 i = 0; i < nplaces; i++)
	{
		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		compact_delete_tuple(state, state->history, &places[i]);
	}
}

static void
compact_prepare_columns(CompactState *state)
{
	int			natts = state->desc->natts;
	SegmentColumns *columns = &state->columns;

	columns->values = palloc(natts * sizeof(Datum *));
	columns->nulls = palloc(natts * sizeof(bool *));
	for (int i = 0; i < natts; i++)
	{
		columns->values[i] = palloc(HISTORY_SEGMENT_VERSIONS * sizeof(Datum));
		columns->nulls[i] = palloc(HISTORY_SEGMENT_VERSIONS * sizeof(bool));
	}
	state->starts.sample = palloc(COMPACT_RUN_SAMPLE * sizeof(TimestampTz));
	state->ends.sample = palloc(COMPACT_RUN_SAMPLE * sizeof(TimestampTz));
	state->segment_context = AllocSetContextCreate(CurrentMemoryContext,
												   "temporal segment",
												   ALLOCSET_DEFAULT_SIZES);
	state->spare_context = AllocSetContextCreate(CurrentMemoryContext,
												 "temporal segment rest",
												 ALLOCSET_DEFAULT_SIZES);
}

/*
 * Makes segments of the sorted versions.
 */
static void
compact_build(CompactState *state, HistorySlices *slices)
{
	SliceVersion version;
	int32		first_slice = state->run.slice + 1;
	int32		slice = -1;
	int32		age = -1;

	while (history_slices_next(slices, &version))
	{
		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		if (version.slice != slice || version.age != age)
		{
			compact_end_run(state);
			compact_begin_run(state, first_slice + version.slice);
			slice = version.slice;
			age = version.age;
		}
		compact_add(state, &version);
		if (!version.in_heap)
			continue;
		state->result->versions++;
		job_progress_advance(1);
		state->result->bytes_before += version.size;
	}
	compact_end_run(state);
}

/*
 * Chooses slices to be made anew together with so many new versions: the last
 * ones, as long as they are less than a slice should be, and not much larger
 * than what comes to them.  So none is made anew often, and there are never
 * many small ones.
 */
static void
compact_choose_merged(CompactState *state, double nversions)
{
	List	   *runs = segment_run_list(RelationGetRelid(state->history),
										NULL, false);
	ListCell   *lc;

	/* numbers go on, also those of runs that go */
	foreach(lc, runs)
	{
		const SegmentRun *run = lfirst(lc);

		state->run.run = Max(state->run.run, run->run);
		state->run.slice = Max(state->run.slice, run->slice);
	}
	for (int32 slice = state->run.slice; slice > 0; slice--)
	{
		double		versions = 0;
		List	   *members = NIL;

		foreach(lc, runs)
		{
			const SegmentRun *run = lfirst(lc);

			if (run->slice != slice)
				continue;
			versions += run->versions;
			members = lappend(members, lfirst(lc));
		}
		if (members == NIL)
			continue;
		if (versions + nversions > state->order.versions * 1.5 ||
			versions > nversions * COMPACT_MERGE_SHARE)
			break;
		nversions += versions;
		state->merged_runs = list_concat(state->merged_runs, members);
	}
}

static bool
compact_is_merged(const CompactState *state, int32 number)
{
	ListCell   *lc;

	foreach(lc, state->merged_runs)
	{
		const SegmentRun *run = lfirst(lc);

		if (run->run == number)
			return true;
	}
	return false;
}

/*
 * Adds the versions of those slices to what is sorted: all, or the rest would
 * have no run any more.
 */
static void
compact_add_merged(CompactState *state, HistorySlices *slices)
{
	TableScanDesc scan;
	TupleTableSlot *slot;

	if (state->merged_runs == NIL)
		return;
	history_compact_check_runs(state->history, state->merged_runs,
							   state->order.snapshot);
	slot = table_slot_create(state->segments, NULL);
	scan = table_beginscan(state->segments, state->order.snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		SegmentRow	row;
		ItemPointer tid;

		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		history_segments_read(slot, &row);
		if (!compact_is_merged(state, row.run))
			continue;
		history_slices_add(slices, row.data, &slot->tts_tid);
		tid = palloc(sizeof(ItemPointerData));
		*tid = slot->tts_tid;
		state->merged_tids = lappend(state->merged_tids, tid);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * Takes away the segments whose versions are in new ones.
 */
static void
compact_delete_merged(CompactState *state)
{
	ListCell   *lc;

	foreach(lc, state->merged_tids)
		compact_delete_tuple(state, state->segments, lfirst(lc));
	foreach(lc, state->merged_runs)
	{
		const SegmentRun *run = lfirst(lc);

		segment_run_delete(RelationGetRelid(state->history), run->run);
		state->result->bytes_after -= Min(run->bytes,
										  state->result->bytes_after);
	}
}

/*
 * Opens the segments that the history has.
 */
static void
compact_open_segments(CompactState *state, const SegmentTable *table)
{
	SliceOrder *order = &state->order;

	/* against others of our kind alone */
	state->segments = table_open(table->segments, ShareUpdateExclusiveLock);
	state->key_attno = table->key_attno;
	if (table->start_attno != order->start_attno ||
		table->end_attno != order->end_attno || state->key_attno < 0 ||
		state->key_attno > state->desc->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("segments of history \"%s\" are of another table",
						RelationGetRelationName(state->history))));
	if (state->key_attno != 0 &&
		(order->nkeys == 0 || order->key_attnos[0] != state->key_attno))
	{
		/* another primary key than when they were made: this comes first */
		AttrNumber *attnos = palloc((order->nkeys + 1) * sizeof(AttrNumber));

		attnos[0] = state->key_attno;
		if (order->nkeys > 0)
			memcpy(attnos + 1, order->key_attnos,
				   order->nkeys * sizeof(AttrNumber));
		order->key_attnos = attnos;
		order->nkeys++;
	}
}

/*
 * Makes the relation for the history's first segments.
 */
static void
compact_create_segments(CompactState *state)
{
	const SliceOrder *order = &state->order;

	state->key_attno = order->nkeys > 0 ? order->key_attnos[0] : 0;
	state->segments =
		table_open(history_segments_create(state->history, state->key_attno),
				   ShareUpdateExclusiveLock);
}

/*
 * Makes the first segments known: from now on plans read them.
 */
static void
compact_publish_segments(CompactState *state)
{
	SegmentTable table = {
		.segments = RelationGetRelid(state->segments),
		.start_attno = state->order.start_attno,
		.end_attno = state->order.end_attno,
		.key_attno = state->key_attno,
	};

	history_compact_lock_first(state->history);
	history_access_set(RelationGetRelid(state->history), true);
	segment_table_insert(RelationGetRelid(state->history), &table);
}

static void
compact_run(CompactState *state, const CompactOptions *options, bool first)
{
	HistorySurvey *survey;
	SurveyPart	part;

	state->order.snapshot = RegisterSnapshot(GetTransactionSnapshot());
	job_progress_set_phase("scanning heap");
	survey = history_survey_for_step(options->steps, &state->order);
	history_survey_take(survey, Min(options->most, state->order.versions),
						&part);
	job_progress_set_total(part.left);
	state->result->more = part.more;
	if (part.versions > 0)
	{
		HistorySlices *slices;

		slices = history_slices_create(&state->order, survey, &part);
		if (first)
			compact_create_segments(state);
		history_reach_change_segments(RelationGetRelid(state->history));
		compact_choose_merged(state, part.versions);
		compact_add_merged(state, slices);
		job_progress_set_phase("sorting");
		history_slices_sort(slices);
		compact_prepare_columns(state);
		job_progress_set_phase("writing segments");
		compact_build(state, slices);
		compact_delete(state, slices);
		history_slices_end(slices);
		compact_delete_merged(state);
		if (first)
			compact_publish_segments(state);
	}
	history_survey_done(survey);
	UnregisterSnapshot(state->order.snapshot);
}

void
history_compact(const VersionedTable *table, const CompactOptions *options,
				CompactResult *result)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal compaction",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	SegmentTable segments;
	CompactState state;
	bool		first;

	memset(result, 0, sizeof(*result));

	first = !history_compact_lock(table->history, &segments);
	compact_state_init(&state, table);
	state.order.before = options->before;
	state.level = options->level;
	state.result = result;
	compact_look_at_table(&state, table->relation);
	if (!first)
		compact_open_segments(&state, &segments);
	compact_run(&state, options, first);
	if (state.segments != NULL)
		table_close(state.segments, NoLock);
	table_close(state.history, NoLock);
	CommandCounterIncrement();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
