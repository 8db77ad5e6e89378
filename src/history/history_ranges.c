/*-------------------------------------------------------------------------
 *
 * history_ranges.c
 *	  Reading pages of a heap, and coming back from those without rows
 *
 * A scan of a table comes back with the next row, however many pages are before
 * that.  Where maintenance has removed millions of versions these are so many
 * that it would neither pause nor look whether it is to stop for a quarter of a
 * second and more.  So not more than RANGE_PAGES are scanned at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "catalog/job_progress.h"
#include "history/history_ranges.h"

void
history_ranges_begin(RangeScan *ranges, Relation rel, Snapshot snapshot,
					 bool aside)
{
	/* as table_beginscan_tidrange() */
	uint32		flags = SO_TYPE_TIDRANGESCAN | SO_ALLOW_PAGEMODE;

	if (aside)
		flags |= SO_ALLOW_STRAT;
	ranges->scan = rel->rd_tableam->scan_begin(rel, snapshot, 0, NULL, NULL,
											   flags);
	/* whatever is added from now on the snapshot does not see */
	ranges->npages = RelationGetNumberOfBlocks(rel);
	ranges->next = ranges->end = 0;
}

/*
 * Scans the next few pages; false if all were.
 */
static bool
ranges_advance(RangeScan *ranges)
{
	ItemPointerData from;
	ItemPointerData to;
	BlockNumber last;

	if (ranges->next >= ranges->end)
		return false;
	last = ranges->next + Min(ranges->end - ranges->next, RANGE_PAGES) - 1;
	ItemPointerSet(&from, ranges->next, FirstOffsetNumber);
	ItemPointerSet(&to, last, MaxOffsetNumber);
	table_rescan_tidrange(ranges->scan, &from, &to);
	ranges->next = last + 1;
	return true;
}

void
history_ranges_set(RangeScan *ranges, BlockNumber first, BlockNumber end)
{
	ItemPointerData nowhere;

	ranges->next = first;
	ranges->end = Min(end, ranges->npages);
	if (ranges_advance(ranges))
		return;
	/* offsets begin with 1 */
	ItemPointerSet(&nowhere, 0, InvalidOffsetNumber);
	table_rescan_tidrange(ranges->scan, &nowhere, &nowhere);
}

bool
history_ranges_next(RangeScan *ranges, TupleTableSlot *slot)
{
	while (!table_scan_getnextslot_tidrange(ranges->scan, ForwardScanDirection,
											slot))
	{
		CHECK_FOR_INTERRUPTS();
		job_progress_pause();
		if (!ranges_advance(ranges))
			return false;
	}
	return true;
}

void
history_ranges_end(RangeScan *ranges)
{
	table_endscan(ranges->scan);
}
