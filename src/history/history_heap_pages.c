/*-------------------------------------------------------------------------
 *
 * history_heap_pages.c
 *	  Reading the rows of a heap that were valid at a time: its pages
 *
 * WHICH PAGES
 *		Those that the BRIN index has not ruled out, which are put together to
 *		ranges of pages that follow each other; all, if there is no index.
 *
 * WHICH ROWS
 *		A sequential scan first finds out which rows of a page the snapshot
 *		sees, and then shows them one after the other.  Here those are asked
 *		first whether they are wanted, and only the ones that are, whether they
 *		are seen.  A row that nobody sees any more is still a row, whose bytes
 *		can be compared.
 *
 * SERIALIZABLE
 *		What is read stands for the whole relation, as in a sequential scan.
 *		Conflicts with who wrote a row are looked for where the row is wanted,
 *		as in an index scan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat_pages.h"
#include "history/history_heap_pages.h"

/* Pages that follow each other, both included */
typedef struct HeapRange
{
	BlockNumber first;
	BlockNumber last;
} HeapRange;

struct HeapPages
{
	Relation	rel;
	Snapshot	snapshot;
	const HeapPeriod *wanted;
	BufferAccessStrategy strategy;	/* NULL: as everybody */

	/* Which pages */
	HeapRange  *ranges;
	int			nranges;
	int			range;			/* where we are */
	BlockNumber next;			/* page of it */
	BlockNumber nread;

	/* The page we are in */
	Buffer		buffer;			/* pinned, or InvalidBuffer */
	HeapTupleData tuple;
	int			nfound;
	int			next_found;
	OffsetNumber found[MaxHeapTuplesPerPage];
};

bool
history_heap_takes_other(const HeapPeriod *wanted, HeapTuple tuple,
						 TupleDesc desc)
{
	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, wanted->natts - 1 + i, desc,
										 &isnull);

		if (wanted->bound[i] &&
			(isnull || !history_heap_is_between(wanted, i,
												DatumGetTimestampTz(value))))
			return false;
	}
	return true;
}

/*
 * What the bounds are to the index; returns how many.
 */
static int
heap_make_keys(const HeapPages *pages, Relation index, ScanKey keys)
{
	int			nkeys = 0;

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		int			column = index->rd_index->indkey.values[i] -
			(pages->wanted->natts - 1);

		if (column != 0 && column != 1)
			continue;
		for (int end = 0; end < 2; end++)
		{
			StrategyNumber strategy = end == 0 ? BTGreaterEqualStrategyNumber :
				BTLessEqualStrategyNumber;
			int64		value = end == 0 ? pages->wanted->low[column] :
				pages->wanted->high[column];
			Oid			operator =
				get_opfamily_member(index->rd_opfamily[i], TIMESTAMPTZOID,
									TIMESTAMPTZOID, strategy);

			if (value == (end == 0 ? PG_INT64_MIN : PG_INT64_MAX) ||
				!OidIsValid(operator))
				continue;
			ScanKeyEntryInitialize(&keys[nkeys++], 0, i + 1, strategy,
								   TIMESTAMPTZOID, InvalidOid,
								   get_opcode(operator),
								   TimestampTzGetDatum(value));
		}
	}
	return nkeys;
}

static void
heap_add_range(HeapPages *pages, int *space, BlockNumber first,
			   BlockNumber last)
{
	if (pages->nranges == *space)
	{
		*space *= 2;
		pages->ranges = repalloc_huge(pages->ranges,
									  *space * sizeof(HeapRange));
	}
	pages->ranges[pages->nranges].first = first;
	pages->ranges[pages->nranges++].last = last;
}

/*
 * Puts the pages of a bitmap into ranges.
 */
static void
heap_list_ranges(HeapPages *pages, TIDBitmap *bitmap)
{
	TemporalPages *iterator = temporal_pages_begin(bitmap);
	int			space = 16;
	BlockNumber page;

	pages->ranges = palloc(space * sizeof(HeapRange));
	while ((page = temporal_pages_next(iterator)) != InvalidBlockNumber)
	{
		CHECK_FOR_INTERRUPTS();
		if (pages->nranges > 0 &&
			pages->ranges[pages->nranges - 1].last + 1 == page)
			pages->ranges[pages->nranges - 1].last = page;
		else
			heap_add_range(pages, &space, page, page);
	}
	temporal_pages_end(iterator);
}

/*
 * Asks the index which pages there are to read; false if there is nothing that
 * it could be asked.
 */
static bool
heap_ask_index(HeapPages *pages, Oid indexoid)
{
	Relation	index = index_open(indexoid, AccessShareLock);
	ScanKey		keys = palloc(2 * index->rd_index->indnkeyatts *
							  sizeof(ScanKeyData));
	int			nkeys = heap_make_keys(pages, index, keys);

	if (nkeys > 0)
	{
		IndexScanDesc scan =
			temporal_index_beginscan_bitmap(index, pages->snapshot, nkeys);
		TIDBitmap  *bitmap = tbm_create(work_mem * 1024L, NULL);

		index_rescan(scan, keys, nkeys, NULL, 0);
		index_getbitmap(scan, bitmap);
		index_endscan(scan);
		heap_list_ranges(pages, bitmap);
		tbm_free(bitmap);
	}
	index_close(index, NoLock);
	pfree(keys);
	return nkeys > 0;
}

HeapPages *
history_heap_pages_begin(Relation rel, Snapshot snapshot, Oid index,
						 const HeapPeriod *wanted)
{
	HeapPages  *pages = palloc0(sizeof(HeapPages));
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);

	pages->rel = rel;
	pages->snapshot = snapshot;
	pages->wanted = wanted;
	pages->buffer = InvalidBuffer;
	pages->tuple.t_tableOid = RelationGetRelid(rel);
	if (!RelationUsesLocalBuffers(rel) && nblocks > NBuffers / 4)
		pages->strategy = GetAccessStrategy(BAS_BULKREAD);
	PredicateLockRelation(rel, snapshot);
	pgstat_count_heap_scan(rel);
	if (!OidIsValid(index) || !heap_ask_index(pages, index))
	{
		pages->ranges = palloc(sizeof(HeapRange));
		pages->ranges[0].first = 0;
		pages->ranges[0].last = nblocks - 1;
		pages->nranges = nblocks > 0 ? 1 : 0;
	}
	if (pages->nranges > 0)
		pages->next = pages->ranges[0].first;
	return pages;
}

/*
 * The next page to read; InvalidBlockNumber if there is none.
 */
static BlockNumber
heap_next_page(HeapPages *pages)
{
	while (pages->range < pages->nranges)
	{
		if (pages->next <= pages->ranges[pages->range].last)
			return pages->next++;
		if (++pages->range < pages->nranges)
			pages->next = pages->ranges[pages->range].first;
	}
	return InvalidBlockNumber;
}

/*
 * Finds the rows of the page that are wanted and seen.
 */
static void
heap_find_rows(HeapPages *pages, BlockNumber block, int64 *passed_over)
{
	Relation	rel = pages->rel;
	TupleDesc	desc = RelationGetDescr(rel);
	HeapTuple	tuple = &pages->tuple;
	Page		page = BufferGetPage(pages->buffer);
	OffsetNumber last;
	bool		all_visible;

	heap_page_prune_opt(rel, pages->buffer);
	LockBuffer(pages->buffer, BUFFER_LOCK_SHARE);
	temporal_test_old_snapshot(pages->snapshot, rel, page);
	/* on a standby the bit may be ahead of what its snapshots see */
	all_visible = PageIsAllVisible(page) && IsMVCCSnapshot(pages->snapshot) &&
		!pages->snapshot->takenDuringRecovery;
	last = PageGetMaxOffsetNumber(page);
	for (OffsetNumber i = FirstOffsetNumber; i <= last; i++)
	{
		ItemId		item = PageGetItemId(page, i);
		bool		seen = true;

		if (!ItemIdIsNormal(item))
			continue;
		tuple->t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple->t_len = ItemIdGetLength(item);
		if (!history_heap_takes(pages->wanted, tuple, desc))
		{
			(*passed_over)++;
			continue;
		}
		ItemPointerSet(&tuple->t_self, block, i);
		if (!all_visible)
			seen = HeapTupleSatisfiesVisibility(tuple, pages->snapshot,
												pages->buffer);
		HeapCheckForSerializableConflictOut(seen, rel, tuple, pages->buffer,
											pages->snapshot);
		if (seen)
			pages->found[pages->nfound++] = i;
	}
	LockBuffer(pages->buffer, BUFFER_LOCK_UNLOCK);
}

/*
 * Goes on to the next page that has a row to show; false if there is none.
 */
static bool
heap_advance(HeapPages *pages, int64 *passed_over)
{
	do
	{
		BlockNumber block;

		CHECK_FOR_INTERRUPTS();
		if (BufferIsValid(pages->buffer))
			ReleaseBuffer(pages->buffer);
		pages->buffer = InvalidBuffer;
		pages->nfound = pages->next_found = 0;
		block = heap_next_page(pages);
		if (block == InvalidBlockNumber)
			return false;
		pages->buffer = ReadBufferExtended(pages->rel, MAIN_FORKNUM, block,
										   RBM_NORMAL, pages->strategy);
		pages->nread++;
		heap_find_rows(pages, block, passed_over);
	} while (pages->nfound == 0);
	return true;
}

bool
history_heap_pages_next(HeapPages *pages, TupleTableSlot *slot,
						int64 *passed_over)
{
	OffsetNumber offset;
	Page		page;
	ItemId		item;

	if (pages->next_found >= pages->nfound && !heap_advance(pages, passed_over))
	{
		ExecClearTuple(slot);
		return false;
	}
	offset = pages->found[pages->next_found++];
	page = BufferGetPage(pages->buffer);
	item = PageGetItemId(page, offset);
	pages->tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
	pages->tuple.t_len = ItemIdGetLength(item);
	ItemPointerSet(&pages->tuple.t_self, BufferGetBlockNumber(pages->buffer),
				   offset);
	pgstat_count_heap_getnext(pages->rel);
	ExecStoreBufferHeapTuple(&pages->tuple, slot, pages->buffer);
	return true;
}

BlockNumber
history_heap_pages_read(const HeapPages *pages)
{
	return pages != NULL ? pages->nread : 0;
}

BlockNumber
history_heap_pages_end(HeapPages *pages)
{
	BlockNumber nread = pages->nread;

	if (BufferIsValid(pages->buffer))
		ReleaseBuffer(pages->buffer);
	if (pages->strategy != NULL)
		FreeAccessStrategy(pages->strategy);
	pfree(pages->ranges);
	pfree(pages);
	return nread;
}
