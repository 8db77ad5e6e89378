/*-------------------------------------------------------------------------
 *
 * history_slices.c
 *	  Old versions in a history's heap, in the order of segments
 *
 * SLICES
 *		of time have about the same number of versions that ended in them.
 *		Where to cut is read from a sample of the ends (history_survey.c).
 *
 * AGES
 *		A version that began long before its slice would widen the period of
 *		its segment, so that questions about all the time between would open it.
 *		So versions are separated by how long before the slice they began, in
 *		widths of the slice: not at all, up to 1, then up to 4 times more each.
 *
 * ORDER
 *		By slice and age, which together are the kind; in a kind by the primary
 *		key, in the order of its types' default operators, and by start.  That
 *		is one sort of all versions with PostgreSQL's own.
 *
 *		It spends most of its time on comparisons.  So the first column of what
 *		is sorted is a number, the rank: the kind, of the key as much as a
 *		number can tell (slices_key_prefix), and of the start, if that was all
 *		of the key.  It is the first one also in the tuple, where it is found
 *		without going through those before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_oper.h"
#include "port/pg_bitutils.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

#include "catalog/job_progress.h"
#include "history/history_segment.h"
#include "history/history_slices.h"
#include "history/history_sort.h"

/* Kinds of versions by how long they lived before their slice */
#define SLICE_AGES				8

/* A version larger than this stays in the heap */
#define SLICE_VERSION_BYTES		(64 * 1024 * 1024)

/*
 * Sorting takes so many kB of memory, which a processor has close by, but not
 * more than so many runs, which are merged in one pass; a row takes so many
 * bytes more than in the heap.
 */
#define SLICE_SORT_MEMORY		8192
#define SLICE_SORT_RUNS			20
#define SLICE_SORT_ROW			80

/* Columns that sorted tuples have before those of the history; both int8 */
enum
{
	SLICE_COLUMN_RANK,			/* slice * SLICE_AGES + age, prefix of the key,
								 * and when the version started */
	SLICE_COLUMN_IN_HEAP,		/* 1, or 0 if it comes from a segment */
	SLICE_COLUMN_Count
};

/* A segment whose versions are sorted again */
typedef struct SliceSegment
{
	Datum		data;
	ItemPointerData tid;
} SliceSegment;

struct HistorySlices
{
	SliceOrder	order;			/* as given, with the time of the part */
	const HistorySurvey *survey;
	SurveyPart	part;
	int			natts;			/* of the history */
	List	   *segments;		/* of SliceSegment */
	HistorySegment *segment;

	/* Ends of versions */
	TimestampTz *sample;
	int64		seen;			/* of so many */
	uint64		random;
	TimestampTz first;
	TimestampTz last;

	/* Versions that end above bounds[i], up to bounds[i + 1] */
	TimestampTz *bounds;
	int			nslices;
	TimestampTz origin;			/* in place of bounds[0] if that is -infinity */
	int			start_bits;		/* of a rank, for starts */

	/* Where the versions are in the heap, in its order */
	ItemPointerData *places;
	int64		nplaces;
	int64		place_space;

	/* The sort */
	Oid			prefix_type;	/* of the first column of the key, or none */
	TupleDesc	desc;
	Tuplesortstate *sort;
	TupleTableSlot *slot;
};

/*
 * Adds an end to the sample, of which each has the same chance to be in it.
 */
static void
slices_note_end(HistorySlices *slices, TimestampTz end)
{
	slices->first = Min(slices->first, end);
	slices->last = Max(slices->last, end);
	history_sample_add(slices->sample, SURVEY_SAMPLE, slices->seen,
					   &slices->random, end);
	slices->seen++;
}

/*
 * Sorts the sample; returns how many it has.
 */
static int64
slices_sort_sample(HistorySlices *slices)
{
	int64		nsample = Min(slices->seen, SURVEY_SAMPLE);

	history_sort_times(slices->sample, nsample);
	return nsample;
}

bool
history_slices_want(const SliceOrder *order, TupleTableSlot *slot,
					TimestampTz *start, TimestampTz *end)
{
	bool		no_start;
	bool		no_end;

	/* a row is taken apart once for both */
	slot_getsomeattrs(slot, Max(order->start_attno, order->end_attno));
	*start = DatumGetTimestampTz(slot_getattr(slot, order->start_attno,
											  &no_start));
	*end = DatumGetTimestampTz(slot_getattr(slot, order->end_attno, &no_end));
	return !no_start && !no_end && *end <= order->before &&
		!TIMESTAMP_IS_NOEND(*end);
}

HistorySlices *
history_slices_create(const SliceOrder *order, const HistorySurvey *survey,
					  const SurveyPart *part)
{
	HistorySlices *slices = palloc0(sizeof(HistorySlices));
	int64		nsample = Min(part->versions, SURVEY_SAMPLE);

	slices->order = *order;
	slices->order.before = part->upto;
	slices->survey = survey;
	slices->part = *part;
	slices->natts = RelationGetDescr(order->history)->natts;
	slices->sample = palloc(SURVEY_SAMPLE * sizeof(TimestampTz));
	slices->random = HISTORY_SAMPLE_SEED;
	slices->seen = part->versions;
	slices->first = TIMESTAMP_IS_NOBEGIN(part->after) ? part->after :
		part->after + 1;
	slices->last = part->last;

	/* a part of a sample is one as well, but to be as large as if it were not */
	for (int64 i = 0; i < nsample; i++)
		slices->sample[i] = part->sample[i % part->nsample];
	return slices;
}

void
history_slices_add(HistorySlices *slices, Datum segment, ItemPointer tid)
{
	SliceSegment *added = palloc(sizeof(SliceSegment));
	const Datum *ends;
	const bool *nulls;
	int			nversions;

	if (slices->segment == NULL)
		slices->segment = history_segment_create(slices->order.history,
												 slices->order.start_attno,
												 slices->order.end_attno);
	added->data = datumCopy(segment, false, -1);
	added->tid = *tid;
	slices->segments = lappend(slices->segments, added);
	nversions = history_segment_open(slices->segment, added->data, tid, 2);
	history_segment_read(slices->segment, slices->order.end_attno, &ends,
						 &nulls);
	for (int i = 0; i < nversions; i++)
		slices_note_end(slices, DatumGetTimestampTz(ends[i]));
}

static void
slices_choose(HistorySlices *slices)
{
	int64		nsample = slices_sort_sample(slices);

	slices->nslices = Max((int) (slices->seen / slices->order.versions + 0.5),
						  1);
	slices->bounds = palloc((slices->nslices + 1) * sizeof(TimestampTz));
	slices->bounds[0] = TIMESTAMP_IS_NOBEGIN(slices->first) ? slices->first :
		slices->first - 1;
	for (int i = 1; i < slices->nslices; i++)
		slices->bounds[i] = slices->sample[i * nsample / slices->nslices];
	slices->bounds[slices->nslices] = slices->last;

	slices->origin = nsample > 0 ? slices->sample[0] : slices->last;
	/* 63, but for the prefix and for slice and age */
	slices->start_bits =
		Max(30 - pg_leftmost_one_pos64((uint64) slices->nslices * SLICE_AGES - 1),
			0);
}

/*
 * The number of the slice in which a version is that ended then
 */
static int
slices_find(const HistorySlices *slices, TimestampTz end)
{
	int			low = 0;
	int			high = slices->nslices - 1;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (end > slices->bounds[middle + 1])
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
slices_age(const HistorySlices *slices, int slice, TimestampTz start)
{
	double		width;
	double		age;
	int			ages = 0;

	width = Max((double) slices->bounds[slice + 1] -
				(double) slices->bounds[slice], 1.0);
	for (age = (double) slices->bounds[slice] - (double) start;
		 age > 0 && ages < SLICE_AGES - 1; age = (age - width) / 4)
		ages++;
	return ages;
}

/*
 * A number that is not less for a key that sorts after another; only one key has
 * it if it is the key's alone.
 */
static uint32
slices_key_prefix(Oid type, Datum key, bool null, bool *alone)
{
	int64		number;
	uint32		prefix;

	*alone = false;
	if (null)
		return PG_UINT32_MAX;	/* nulls last */
	switch (type)
	{
		case INT2OID:
			prefix = (uint32) DatumGetInt16(key) ^ 0x80000000;
			break;
		case INT4OID:
		case DATEOID:
			prefix = (uint32) DatumGetInt32(key) ^ 0x80000000;
			break;
		case INT8OID:
			/* where numbers of rows are; the others are equal */
			number = DatumGetInt64(key);
			prefix = number < 0 ? 0 : Min(number, (int64) PG_UINT32_MAX);
			if (prefix == 0)
				return prefix;
			break;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return (uint32) (DatumGetInt64(key) >> 32) ^ 0x80000000;
		default:
			return 0;
	}
	*alone = prefix != PG_UINT32_MAX;
	return prefix;
}

/*
 * A number of start_bits bits that is not less for a version of the slice that
 * started after another.  Of those of one key, all but one started in it.
 */
static uint64
slices_start(const HistorySlices *slices, int slice, TimestampTz start)
{
	TimestampTz from = TIMESTAMP_IS_NOBEGIN(slices->bounds[slice]) ?
		slices->origin : slices->bounds[slice];
	uint64		width = (uint64) slices->bounds[slice + 1] - (uint64) from;
	int			shift;

	if (start <= from || slices->start_bits == 0)
		return 0;
	shift = Max(pg_leftmost_one_pos64(width | 1) + 1 - slices->start_bits, 0);
	return Min(((uint64) start - (uint64) from) >> shift,
			   (UINT64CONST(1) << slices->start_bits) - 1);
}

/*
 * What sorting compares first, and mostly alone: rows with the same rank are
 * taken apart to compare their keys and starts.
 */
static int64
slices_rank(const HistorySlices *slices, const Datum *values,
			const bool *nulls, TimestampTz start, TimestampTz end)
{
	const SliceOrder *order = &slices->order;
	int			slice = slices_find(slices, end);
	uint64		rank = slice * SLICE_AGES + slices_age(slices, slice, start);
	uint32		prefix = 0;
	bool		alone = false;

	if (OidIsValid(slices->prefix_type))
		prefix = slices_key_prefix(slices->prefix_type,
								   values[order->key_attnos[0] - 1],
								   nulls[order->key_attnos[0] - 1], &alone);
	rank = (rank << 32 | prefix) << slices->start_bits;
	if (alone && order->nkeys == 1)
		rank |= slices_start(slices, slice, start);
	return (int64) rank;
}

static TupleDesc
slices_desc(const HistorySlices *slices)
{
	int			natts = slices->natts;
	TupleDesc	desc = CreateTemplateTupleDesc(natts + SLICE_COLUMN_Count);

	TupleDescInitEntry(desc, SLICE_COLUMN_RANK + 1, "rank", INT8OID, -1, 0);
	TupleDescInitEntry(desc, SLICE_COLUMN_IN_HEAP + 1, "in_heap", INT8OID, -1,
					   0);
	for (int i = 1; i <= natts; i++)
		TupleDescCopyEntry(desc, SLICE_COLUMN_Count + i,
						   RelationGetDescr(slices->order.history), i);
	return desc;
}

/*
 * What sorting may take, in kB.  More would be slower, and a run is sorted in
 * one go, without a pause: half a second for 64 MB.
 */
static int
slices_sort_memory(const HistorySlices *slices)
{
	double		bytes = slices->part.bytes +
		(double) slices->part.versions * SLICE_SORT_ROW;
	double		memory = Max(bytes / 1024 / SLICE_SORT_RUNS,
							 SLICE_SORT_MEMORY);

	return (int) Min(memory, maintenance_work_mem);
}

static Tuplesortstate *
slices_begin_sort(const HistorySlices *slices)
{
	const SliceOrder *order = &slices->order;
	int			nkeys = order->nkeys + 2;
	AttrNumber *attnos = palloc(nkeys * sizeof(AttrNumber));
	Oid		   *operators = palloc(nkeys * sizeof(Oid));
	Oid		   *collations = palloc(nkeys * sizeof(Oid));
	bool	   *nulls_first = palloc0(nkeys * sizeof(bool));

	attnos[0] = SLICE_COLUMN_RANK + 1;
	for (int i = 0; i < order->nkeys; i++)
		attnos[i + 1] = SLICE_COLUMN_Count + order->key_attnos[i];
	attnos[nkeys - 1] = SLICE_COLUMN_Count + order->start_attno;
	for (int i = 0; i < nkeys; i++)
	{
		Form_pg_attribute att = TupleDescAttr(slices->desc, attnos[i] - 1);

		get_sort_group_operators(att->atttypid, true, false, false,
								 &operators[i], NULL, NULL, NULL);
		collations[i] = att->attcollation;
	}
	return tuplesort_begin_heap(slices->desc, nkeys, attnos, operators,
								collations, nulls_first,
								slices_sort_memory(slices), NULL,
								TUPLESORT_NONE);
}

/*
 * Is there more in it than a segment should have?
 */
static bool
slices_too_large(const HistorySlices *slices, TupleTableSlot *slot)
{
	TupleDesc	desc = RelationGetDescr(slices->order.history);
	Size		size = 0;

	for (int i = 0; i < slices->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attlen == -1 &&
			!slot->tts_isnull[i])
			size += toast_raw_datum_size(slot->tts_values[i]);
	}
	return size > SLICE_VERSION_BYTES;
}

/*
 * Gives a version to the sort, whose columns are in the slot already.
 */
static void
slices_put(HistorySlices *slices, TupleTableSlot *sorted, TimestampTz start,
		   TimestampTz end, bool in_heap)
{
	int64		rank = slices_rank(slices,
								   sorted->tts_values + SLICE_COLUMN_Count,
								   sorted->tts_isnull + SLICE_COLUMN_Count,
								   start, end);

	memset(sorted->tts_isnull, false, SLICE_COLUMN_Count * sizeof(bool));
	sorted->tts_values[SLICE_COLUMN_RANK] = Int64GetDatum(rank);
	sorted->tts_values[SLICE_COLUMN_IN_HEAP] = Int64GetDatum(in_heap);
	ExecStoreVirtualTuple(sorted);
	tuplesort_puttupleslot(slices->sort, sorted);
	ExecClearTuple(sorted);
}

static void
slices_note_place(HistorySlices *slices, ItemPointer place)
{
	if (slices->nplaces == slices->place_space)
	{
		Size		size;

		slices->place_space = Max(slices->place_space * 2, 65536);
		size = slices->place_space * sizeof(ItemPointerData);
		slices->places = slices->places == NULL ?
			MemoryContextAllocHuge(CurrentMemoryContext, size) :
			repalloc_huge(slices->places, size);
	}
	slices->places[slices->nplaces++] = *place;
}

static void
slices_put_heap(HistorySlices *slices, TupleTableSlot *sorted)
{
	const SliceOrder *order = &slices->order;
	int			natts = slices->natts;
	TupleTableSlot *slot = table_slot_create(order->history, NULL);
	SurveyScan	scan;

	history_survey_begin_scan(&scan, slices->survey, &slices->part,
							  order->history, order->snapshot);
	while (history_survey_next(&scan, slot))
	{
		TimestampTz start;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		if (!history_slices_want(order, slot, &start, &end))
			continue;
		slot_getallattrs(slot);
		if (slices_too_large(slices, slot))
			continue;
		memcpy(sorted->tts_values + SLICE_COLUMN_Count, slot->tts_values,
			   natts * sizeof(Datum));
		memcpy(sorted->tts_isnull + SLICE_COLUMN_Count, slot->tts_isnull,
			   natts * sizeof(bool));
		slices_put(slices, sorted, start, end, true);
		slices_note_place(slices, &slot->tts_tid);
	}
	history_survey_end_scan(&scan);
	ExecDropSingleTupleTableSlot(slot);
}

static void
slices_put_segment(HistorySlices *slices, TupleTableSlot *sorted,
				   SliceSegment *added)
{
	TupleDesc	desc = RelationGetDescr(slices->order.history);
	Datum	   *put = sorted->tts_values + SLICE_COLUMN_Count;
	bool	   *put_null = sorted->tts_isnull + SLICE_COLUMN_Count;
	int			nversions = history_segment_open(slices->segment, added->data,
												 &added->tid, slices->natts);

	for (int i = 0; i < nversions; i++)
	{
		for (int j = 0; j < slices->natts; j++)
		{
			const Datum *values;
			const bool *nulls;

			put[j] = (Datum) 0;
			put_null[j] = TupleDescAttr(desc, j)->attisdropped;
			if (put_null[j])
				continue;
			history_segment_read(slices->segment, j + 1, &values, &nulls);
			put[j] = values[i];
			put_null[j] = nulls != NULL && nulls[i];
		}
		slices_put(slices, sorted,
				   DatumGetTimestampTz(put[slices->order.start_attno - 1]),
				   DatumGetTimestampTz(put[slices->order.end_attno - 1]),
				   false);
	}
}

void
history_slices_sort(HistorySlices *slices)
{
	TupleTableSlot *sorted;
	ListCell   *lc;

	slices_choose(slices);
	if (slices->order.nkeys > 0)
		slices->prefix_type =
			getBaseType(TupleDescAttr(RelationGetDescr(slices->order.history),
									  slices->order.key_attnos[0] - 1)->atttypid);
	slices->desc = slices_desc(slices);
	slices->sort = slices_begin_sort(slices);
	sorted = MakeSingleTupleTableSlot(slices->desc, &TTSOpsVirtual);
	slices_put_heap(slices, sorted);
	foreach(lc, slices->segments)
	{
		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		slices_put_segment(slices, sorted, lfirst(lc));
	}
	ExecDropSingleTupleTableSlot(sorted);
	tuplesort_performsort(slices->sort);
	slices->slot = MakeSingleTupleTableSlot(slices->desc,
											&TTSOpsMinimalTuple);
}

/*
 * What the version has out of line
 */
static Size
slices_external_size(const HistorySlices *slices,
					 const SliceVersion *version)
{
	TupleDesc	desc = RelationGetDescr(slices->order.history);
	Size		size = 0;

	for (int i = 0; i < slices->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attlen == -1 && !version->nulls[i] &&
			VARATT_IS_EXTERNAL(DatumGetPointer(version->values[i])))
			size += toast_datum_size(version->values[i]);
	}
	return size;
}

bool
history_slices_next(HistorySlices *slices, SliceVersion *version)
{
	TupleTableSlot *slot = slices->slot;
	MinimalTuple tuple;
	int32		kind;

	if (!tuplesort_gettupleslot(slices->sort, true, false, slot, NULL))
		return false;
	tuple = ((MinimalTupleTableSlot *) slot)->mintuple;
	slot_getallattrs(slot);
	kind = DatumGetInt64(slot->tts_values[SLICE_COLUMN_RANK]) >>
		(32 + slices->start_bits);
	version->values = slot->tts_values + SLICE_COLUMN_Count;
	version->nulls = slot->tts_isnull + SLICE_COLUMN_Count;
	version->slice = kind / SLICE_AGES;
	version->age = kind % SLICE_AGES;
	version->in_heap =
		DatumGetInt64(slot->tts_values[SLICE_COLUMN_IN_HEAP]) != 0;

	/* a heap tuple's header, without the columns that only the sort has */
	version->size = MAXALIGN(tuple->t_len + MINIMAL_TUPLE_OFFSET -
							 SLICE_COLUMN_Count * sizeof(int64)) + sizeof(ItemIdData);
	if (version->in_heap && (tuple->t_infomask & HEAP_HASEXTERNAL) != 0)
		version->size += slices_external_size(slices, version);
	return true;
}

ItemPointerData *
history_slices_places(const HistorySlices *slices, int64 *nplaces)
{
	*nplaces = slices->nplaces;
	return slices->places;
}

void
history_slices_end(HistorySlices *slices)
{
	ExecDropSingleTupleTableSlot(slices->slot);
	tuplesort_end(slices->sort);
}
