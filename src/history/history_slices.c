/*-------------------------------------------------------------------------
 *
 * history_slices.c
 *	  Old versions in a history's heap, in the order of segments
 *
 * SLICES
 *		of time have about the same number of versions that ended in them.
 *		Where to cut is read from a sample of the ends.
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
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

#include "history/history_slices.h"

/* Kinds of versions by how long they lived before their slice */
#define SLICE_AGES				8

/* Ends of versions that the slices are computed from */
#define SLICE_SAMPLE			30000

/* A version larger than this stays in the heap */
#define SLICE_VERSION_BYTES		(64 * 1024 * 1024)

/* Columns that sorted tuples have beyond those of the history */
enum
{
	SLICE_COLUMN_KIND = 1,		/* slice * SLICE_AGES + age, int4 */
	SLICE_COLUMN_TID,			/* int8 */
	SLICE_COLUMN_Count = SLICE_COLUMN_TID
};

struct HistorySlices
{
	const SliceOrder *order;
	int			natts;			/* of the history */

	/* Versions that end above bounds[i], up to bounds[i + 1] */
	TimestampTz *bounds;
	int			nslices;

	/* The sort */
	TupleDesc	desc;
	Tuplesortstate *sort;
	TupleTableSlot *slot;
};

/*
 * Is the version to be moved?  What has no period, or has not ended, stays
 * where it is.
 */
static bool
slices_want(const SliceOrder *order, TupleTableSlot *slot,
			TimestampTz *start, TimestampTz *end)
{
	bool		no_start;
	bool		no_end;

	*start = DatumGetTimestampTz(slot_getattr(slot, order->start_attno,
											  &no_start));
	*end = DatumGetTimestampTz(slot_getattr(slot, order->end_attno, &no_end));
	return !no_start && !no_end && *end <= order->before &&
		!TIMESTAMP_IS_NOEND(*end);
}

static int
slices_compare_times(const void *a, const void *b)
{
	TimestampTz left = *(const TimestampTz *) a;
	TimestampTz right = *(const TimestampTz *) b;

	return left < right ? -1 : left > right ? 1 : 0;
}

static TableScanDesc
slices_begin_scan(const SliceOrder *order)
{
	return table_beginscan_strat(order->history, order->snapshot, 0, NULL,
								 true, false);
}

/*
 * Decides on the slices, from a sample of the ends; false if there is nothing
 * to do.
 */
static bool
slices_choose(HistorySlices *slices)
{
	const SliceOrder *order = slices->order;
	TableScanDesc scan = slices_begin_scan(order);
	TupleTableSlot *slot = table_slot_create(order->history, NULL);
	TimestampTz *sample = palloc(SLICE_SAMPLE * sizeof(TimestampTz));
	TimestampTz first = DT_NOEND;
	TimestampTz last = DT_NOBEGIN;
	uint64		random = UINT64CONST(0x9E3779B97F4A7C15);
	int64		nversions = 0;
	int64		nsample;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		TimestampTz start;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		if (!slices_want(order, slot, &start, &end))
			continue;
		first = Min(first, end);
		last = Max(last, end);
		if (nversions < SLICE_SAMPLE)
			sample[nversions] = end;
		else
		{
			/* xorshift: any will do */
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			if (random % (nversions + 1) < SLICE_SAMPLE)
				sample[random % (nversions + 1)] = end;
		}
		nversions++;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);

	nsample = Min(nversions, SLICE_SAMPLE);
	qsort(sample, nsample, sizeof(TimestampTz), slices_compare_times);
	slices->nslices = Max((int) (nversions / order->versions + 0.5), 1);
	slices->bounds = palloc((slices->nslices + 1) * sizeof(TimestampTz));
	slices->bounds[0] = TIMESTAMP_IS_NOBEGIN(first) ? first : first - 1;
	for (int i = 1; i < slices->nslices; i++)
		slices->bounds[i] = sample[i * nsample / slices->nslices];
	slices->bounds[slices->nslices] = last;
	pfree(sample);
	return nversions > 0;
}

static int32
slices_kind(const HistorySlices *slices, TimestampTz start, TimestampTz end)
{
	int			low = 0;
	int			high = slices->nslices - 1;
	double		width;
	double		age;
	int			ages = 0;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (end > slices->bounds[middle + 1])
			low = middle + 1;
		else
			high = middle;
	}
	width = Max((double) slices->bounds[low + 1] -
				(double) slices->bounds[low], 1.0);
	for (age = (double) slices->bounds[low] - (double) start;
		 age > 0 && ages < SLICE_AGES - 1; age = (age - width) / 4)
		ages++;
	return low * SLICE_AGES + ages;
}

static TupleDesc
slices_desc(const HistorySlices *slices)
{
	int			natts = slices->natts;
	TupleDesc	desc = CreateTemplateTupleDesc(natts + SLICE_COLUMN_Count);

	for (int i = 1; i <= natts; i++)
		TupleDescCopyEntry(desc, i, RelationGetDescr(slices->order->history),
						   i);
	TupleDescInitEntry(desc, natts + SLICE_COLUMN_KIND, "kind", INT4OID, -1,
					   0);
	TupleDescInitEntry(desc, natts + SLICE_COLUMN_TID, "tid", INT8OID, -1, 0);
	return desc;
}

static Tuplesortstate *
slices_begin_sort(const HistorySlices *slices)
{
	const SliceOrder *order = slices->order;
	int			nkeys = order->nkeys + 2;
	AttrNumber *attnos = palloc(nkeys * sizeof(AttrNumber));
	Oid		   *operators = palloc(nkeys * sizeof(Oid));
	Oid		   *collations = palloc(nkeys * sizeof(Oid));
	bool	   *nulls_first = palloc0(nkeys * sizeof(bool));

	attnos[0] = slices->natts + SLICE_COLUMN_KIND;
	for (int i = 0; i < order->nkeys; i++)
		attnos[i + 1] = order->key_attnos[i];
	attnos[nkeys - 1] = order->start_attno;
	for (int i = 0; i < nkeys; i++)
	{
		Form_pg_attribute att = TupleDescAttr(slices->desc, attnos[i] - 1);

		get_sort_group_operators(att->atttypid, true, false, false,
								 &operators[i], NULL, NULL, NULL);
		collations[i] = att->attcollation;
	}
	return tuplesort_begin_heap(slices->desc, nkeys, attnos, operators,
								collations, nulls_first, maintenance_work_mem,
								NULL, TUPLESORT_NONE);
}

/*
 * Is there more in it than a segment should have?
 */
static bool
slices_too_large(const HistorySlices *slices, TupleTableSlot *slot)
{
	Size		size = 0;

	for (int i = 0; i < slices->natts; i++)
	{
		if (TupleDescAttr(slices->desc, i)->attlen == -1 &&
			!slot->tts_isnull[i])
			size += toast_raw_datum_size(slot->tts_values[i]);
	}
	return size > SLICE_VERSION_BYTES;
}

static void
slices_sort(HistorySlices *slices)
{
	const SliceOrder *order = slices->order;
	int			natts = slices->natts;
	TableScanDesc scan = slices_begin_scan(order);
	TupleTableSlot *slot = table_slot_create(order->history, NULL);
	TupleTableSlot *sorted = MakeSingleTupleTableSlot(slices->desc,
													  &TTSOpsVirtual);
	Datum	   *extra = sorted->tts_values + natts - 1;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		TimestampTz start;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		if (!slices_want(order, slot, &start, &end))
			continue;
		slot_getallattrs(slot);
		if (slices_too_large(slices, slot))
			continue;
		ExecClearTuple(sorted);
		memset(sorted->tts_isnull, false,
			   (natts + SLICE_COLUMN_Count) * sizeof(bool));
		memcpy(sorted->tts_values, slot->tts_values, natts * sizeof(Datum));
		memcpy(sorted->tts_isnull, slot->tts_isnull, natts * sizeof(bool));
		extra[SLICE_COLUMN_KIND] =
			Int32GetDatum(slices_kind(slices, start, end));
		extra[SLICE_COLUMN_TID] =
			Int64GetDatum((int64) ItemPointerGetBlockNumber(&slot->tts_tid) << 16 |
						  ItemPointerGetOffsetNumber(&slot->tts_tid));
		ExecStoreVirtualTuple(sorted);
		tuplesort_puttupleslot(slices->sort, sorted);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	ExecDropSingleTupleTableSlot(sorted);
	tuplesort_performsort(slices->sort);
}

HistorySlices *
history_slices_begin(const SliceOrder *order)
{
	HistorySlices *slices = palloc0(sizeof(HistorySlices));

	slices->order = order;
	slices->natts = RelationGetDescr(order->history)->natts;
	if (!slices_choose(slices))
		return NULL;
	slices->desc = slices_desc(slices);
	slices->sort = slices_begin_sort(slices);
	slices_sort(slices);
	slices->slot = MakeSingleTupleTableSlot(slices->desc,
											&TTSOpsMinimalTuple);
	return slices;
}

bool
history_slices_next(HistorySlices *slices, SliceVersion *version)
{
	TupleTableSlot *slot = slices->slot;
	Datum	   *extra = slot->tts_values + slices->natts - 1;
	MinimalTuple tuple;
	int64		tid;

	if (!tuplesort_gettupleslot(slices->sort, true, false, slot, NULL))
		return false;
	tuple = ((MinimalTupleTableSlot *) slot)->mintuple;
	slot_getallattrs(slot);
	tid = DatumGetInt64(extra[SLICE_COLUMN_TID]);
	version->slot = slot;
	version->kind = DatumGetInt32(extra[SLICE_COLUMN_KIND]);
	ItemPointerSet(&version->tid, (BlockNumber) (tid >> 16),
				   (OffsetNumber) (tid & 0xFFFF));

	/* a heap tuple's header, without the columns that only the sort has */
	version->size = MAXALIGN(tuple->t_len + MINIMAL_TUPLE_OFFSET -
							 2 * sizeof(int64)) + sizeof(ItemIdData);
	return true;
}

void
history_slices_end(HistorySlices *slices)
{
	ExecDropSingleTupleTableSlot(slices->slot);
	tuplesort_end(slices->sort);
}
