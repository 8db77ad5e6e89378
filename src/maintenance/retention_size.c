/*-------------------------------------------------------------------------
 *
 * retention_size.c
 *	  How far back a history may reach to have a size
 *
 * The size of a history is that of its versions: in the heap, with what they
 * have out of line, and compressed in segments.  Indexes do not count, nor does
 * space that VACUUM has not given back yet, which would make ever more
 * versions go.
 *
 * Sizes are summed by end from the newest to the oldest.  In segments they are
 * taken from the quantiles of runs.  Of heaps with very many versions,
 * neighbours in time are taken together: one point says that so many bytes
 * ended at or before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/job_progress.h"
#include "catalog/segment_table.h"
#include "history/history_prune.h"
#include "history/history_ranges.h"
#include "maintenance/retention_rules.h"

#define SIZE_POINTS		(1024 * 1024)

/* So many bytes of versions that ended at or before */
typedef struct SizePoint
{
	TimestampTz end;
	int64		bytes;
} SizePoint;

typedef struct SizePoints
{
	SizePoint  *points;
	int			npoints;
	int64		total;
} SizePoints;

static int
size_compare(const void *a, const void *b)
{
	const SizePoint *left = a;
	const SizePoint *right = b;

	return left->end < right->end ? -1 : left->end > right->end ? 1 : 0;
}

static void
size_add(SizePoints *points, TimestampTz end, int64 bytes)
{
	SizePoint  *point;

	if (points->npoints == SIZE_POINTS)
	{
		qsort(points->points, points->npoints, sizeof(SizePoint),
			  size_compare);
		points->npoints /= 2;
		for (int i = 0; i < points->npoints; i++)
		{
			points->points[i].end = points->points[2 * i + 1].end;
			points->points[i].bytes = points->points[2 * i].bytes +
				points->points[2 * i + 1].bytes;
		}
	}
	point = &points->points[points->npoints++];
	point->end = end;
	point->bytes = bytes;
	points->total += bytes;
}

static void
size_add_heap(SizePoints *points, const VersionedTable *table)
{
	Relation	history = table_open(table->history, AccessShareLock);
	AttrNumber	end_attno = get_attnum(table->history,
									   NameStr(table->end_column));
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(history, NULL);
	RangeScan	scan;

	history_ranges_begin(&scan, history, snapshot, true);
	history_ranges_set(&scan, 0, scan.npages);
	while (history_ranges_next(&scan, slot))
	{
		bool		isnull;
		Datum		end = slot_getattr(slot, end_attno, &isnull);

		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		if (!isnull)
			size_add(points, DatumGetTimestampTz(end), prune_heap_size(slot));
	}
	history_ranges_end(&scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(history, NoLock);
}

static void
size_add_runs(SizePoints *points, Oid history)
{
	ListCell   *lc;

	foreach(lc, segment_run_list(history, NULL, true))
	{
		const SegmentRun *run = lfirst(lc);

		for (int i = 1; i < SEGMENT_RUN_QUANTILES; i++)
			size_add(points, run->end_quantiles[i],
					 run->bytes * i / (SEGMENT_RUN_QUANTILES - 1) -
					 run->bytes * (i - 1) / (SEGMENT_RUN_QUANTILES - 1));
	}
}

/*
 * The end up to which versions are to go so that the rest is not larger than
 * the size; DT_NOBEGIN if it is not.
 */
TimestampTz
retention_size_find(const VersionedTable *table, int64 size)
{
	SizePoints	points = {
		.points = MemoryContextAllocHuge(CurrentMemoryContext,
										 SIZE_POINTS * sizeof(SizePoint)),
	};
	TimestampTz before = DT_NOBEGIN;
	int64		sum = 0;

	size_add_heap(&points, table);
	size_add_runs(&points, table->history);
	if (points.total > size)
		qsort(points.points, points.npoints, sizeof(SizePoint), size_compare);
	for (int i = points.npoints - 1; i >= 0 && points.total > size; i--)
	{
		sum += points.points[i].bytes;
		if (sum <= size)
			continue;
		before = points.points[i].end;
		break;
	}
	pfree(points.points);
	return before;
}
