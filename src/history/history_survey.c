/*-------------------------------------------------------------------------
 *
 * history_survey.c
 *	  Where in a history's heap old versions are, and when they ended
 *
 * Who compresses a history in several steps wants the oldest versions first,
 * and would have to look at the whole heap for each step.  A survey is made
 * once, and says for the next steps
 *
 *		when versions ended, by a sample in which each has the same chance to
 *		be: so it is known up to which time the oldest so many ended;
 *
 *		in which pages they are: for each range of pages, when the first and
 *		the last of its versions ended.
 *
 * IT MAY BE OUT OF DATE
 *		and does no harm then.  It says where to look; what is there is judged
 *		by whoever looks.  Versions that came later, to whatever page, are left
 *		to the next survey.  A new file of the heap needs a new one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/job_progress.h"
#include "history/history_slices.h"
#include "history/history_sort.h"
#include "history/history_survey.h"

/* Ranges of pages: not more than so many, of not less than so many pages */
#define SURVEY_RANGES			8192
#define SURVEY_RANGE_PAGES		32

/* A survey is of no use so many microseconds after its last part was taken */
#define SURVEY_TIMEOUT			(60 * INT64CONST(1000000))

/* Ends of a range's versions; none: first > last */
typedef struct SurveyRange
{
	TimestampTz first;
	TimestampTz last;
} SurveyRange;

struct HistorySurvey
{
	/* The heap */
	Oid			history;
	Oid			file;

	/* Its versions */
	TimestampTz before;
	TimestampTz first;
	TimestampTz last;
	int64		versions;
	int64		bytes;			/* of their rows */
	TimestampTz *sample;		/* in order */
	int64		nsample;

	/* Its pages */
	BlockNumber range_pages;
	int			nranges;
	SurveyRange *ranges;

	/* What was taken of the sample, and when; and what is done */
	int64		taken;
	int64		done;
	TimestampTz taken_at;
};

/*
 * Adds the end of a version to the sample.
 */
static void
survey_note_end(HistorySurvey *survey, TimestampTz end, uint64 *random)
{
	survey->first = Min(survey->first, end);
	survey->last = Max(survey->last, end);
	history_sample_add(survey->sample, SURVEY_SAMPLE, survey->versions, random,
					   end);
	survey->versions++;
	survey->nsample = Min(survey->versions, SURVEY_SAMPLE);
}

static void
survey_note_page(HistorySurvey *survey, BlockNumber block, TimestampTz end)
{
	int			number = block / survey->range_pages;

	/* a page that the heap got since belongs to the last range */
	if (number >= survey->nranges)
		number = survey->nranges - 1;
	survey->ranges[number].first = Min(survey->ranges[number].first, end);
	survey->ranges[number].last = Max(survey->ranges[number].last, end);
}

static int64
survey_row_bytes(TupleTableSlot *slot)
{
	bool		should_free;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
	int64		bytes = tuple->t_len;

	if (should_free)
		heap_freetuple(tuple);
	return bytes;
}

static HistorySurvey *
survey_create(const SliceOrder *order)
{
	HistorySurvey *survey = palloc0(sizeof(HistorySurvey));
	Relation	history = order->history;
	BlockNumber npages = RelationGetNumberOfBlocks(history);
	TupleTableSlot *slot = table_slot_create(history, NULL);
	uint64		random = HISTORY_SAMPLE_SEED;
	RangeScan	scan;

	survey->history = RelationGetRelid(history);
	survey->file = history->rd_rel->relfilenode;
	survey->before = order->before;
	survey->first = DT_NOEND;
	survey->last = DT_NOBEGIN;
	survey->sample = palloc(SURVEY_SAMPLE * sizeof(TimestampTz));
	survey->range_pages = Max(npages / SURVEY_RANGES + 1, SURVEY_RANGE_PAGES);
	survey->nranges = npages / survey->range_pages + 1;
	survey->ranges = palloc(survey->nranges * sizeof(SurveyRange));
	for (int i = 0; i < survey->nranges; i++)
	{
		survey->ranges[i].first = DT_NOEND;
		survey->ranges[i].last = DT_NOBEGIN;
	}

	history_ranges_begin(&scan, history, order->snapshot, true);
	history_ranges_set(&scan, 0, scan.npages);
	while (history_ranges_next(&scan, slot))
	{
		TimestampTz start;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		if (!history_slices_want(order, slot, &start, &end))
			continue;
		survey_note_end(survey, end, &random);
		survey->bytes += survey_row_bytes(slot);
		survey_note_page(survey, ItemPointerGetBlockNumber(&slot->tts_tid),
						 end);
	}
	history_ranges_end(&scan);
	ExecDropSingleTupleTableSlot(slot);
	history_sort_times(survey->sample, survey->nsample);
	return survey;
}

/*
 * May a survey be gone on with that a step before this one has made?  Not if
 * that has failed, or is long ago.
 */
static bool
survey_fits(const HistorySurvey *survey, Relation history)
{
	TimestampTz now = GetCurrentTimestamp();

	return survey->history == RelationGetRelid(history) &&
		survey->file == history->rd_rel->relfilenode &&
		survey->done == survey->taken && now >= survey->taken_at &&
		now - survey->taken_at < SURVEY_TIMEOUT;
}

HistorySurvey *
history_survey_for_step(SurveySteps *steps, const SliceOrder *order)
{
	MemoryContext old;

	if (steps == NULL)
		return survey_create(order);
	if (steps->survey != NULL && survey_fits(steps->survey, order->history))
		return steps->survey;
	history_survey_forget(steps);
	if (steps->context == NULL)
		steps->context = AllocSetContextCreate(TopMemoryContext,
											   "temporal survey",
											   ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(steps->context);
	steps->survey = survey_create(order);
	MemoryContextSwitchTo(old);
	return steps->survey;
}

void
history_survey_forget(SurveySteps *steps)
{
	steps->survey = NULL;
	if (steps->context != NULL)
		MemoryContextReset(steps->context);
}

void
history_survey_take(HistorySurvey *survey, int64 most, SurveyPart *part)
{
	int64		n = survey->nsample - survey->done;

	if (most > 0 && survey->versions > 0)
	{
		int64		wanted = (double) most / survey->versions * survey->nsample;

		/* not a small rest for another one */
		if (wanted + wanted / 4 < n)
			n = Max(wanted, 1);
	}
	survey->taken = survey->done + n;

	/* all that ended at one time are taken together */
	while (survey->taken > 0 && survey->taken < survey->nsample &&
		   survey->sample[survey->taken] == survey->sample[survey->taken - 1])
		survey->taken++;
	survey->taken_at = GetCurrentTimestamp();

	part->sample = survey->sample + survey->done;
	part->nsample = survey->taken - survey->done;
	part->versions = survey->nsample == 0 ? 0 :
		(double) part->nsample / survey->nsample * survey->versions;
	part->bytes = survey->nsample == 0 ? 0 :
		(double) part->nsample / survey->nsample * survey->bytes;
	part->left = survey->nsample == 0 ? 0 :
		(double) (survey->nsample - survey->done) / survey->nsample *
		survey->versions;
	part->more = survey->taken < survey->nsample;
	part->after = survey->done > 0 ? survey->sample[survey->done - 1] :
		TIMESTAMP_IS_NOBEGIN(survey->first) || survey->versions == 0 ?
		DT_NOBEGIN : survey->first - 1;
	part->upto = part->more ? survey->sample[survey->taken - 1] :
		survey->before;
	part->last = Min(part->upto, survey->last);
}

void
history_survey_done(HistorySurvey *survey)
{
	survey->done = survey->taken;
	survey->taken_at = GetCurrentTimestamp();
}

static bool
survey_range_has(const SurveyScan *scan, int number)
{
	const SurveyRange *range = &scan->survey->ranges[number];

	return range->first <= scan->part.upto && range->last > scan->part.after;
}

/*
 * Goes to the next ranges that are wanted, those that follow each other at
 * once; false if there are none.
 */
static bool
survey_next_ranges(SurveyScan *scan)
{
	const HistorySurvey *survey = scan->survey;
	int			first;

	while (scan->next < survey->nranges && !survey_range_has(scan, scan->next))
		scan->next++;
	if (scan->next == survey->nranges)
		return false;
	first = scan->next;
	while (scan->next < survey->nranges && survey_range_has(scan, scan->next))
		scan->next++;
	history_ranges_set(&scan->ranges, first * survey->range_pages,
					   scan->next == survey->nranges ? scan->ranges.npages :
					   scan->next * survey->range_pages);
	return true;
}

void
history_survey_begin_scan(SurveyScan *scan, const HistorySurvey *survey,
						  const SurveyPart *part, Relation history,
						  Snapshot snapshot)
{
	scan->survey = survey;
	scan->part = *part;
	scan->next = 0;
	history_ranges_begin(&scan->ranges, history, snapshot, true);
	scan->more = survey_next_ranges(scan);
}

bool
history_survey_next(SurveyScan *scan, TupleTableSlot *slot)
{
	while (scan->more)
	{
		if (history_ranges_next(&scan->ranges, slot))
			return true;
		scan->more = survey_next_ranges(scan);
	}
	return false;
}

void
history_survey_end_scan(SurveyScan *scan)
{
	history_ranges_end(&scan->ranges);
}
