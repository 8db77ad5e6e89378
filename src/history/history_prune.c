/*-------------------------------------------------------------------------
 *
 * history_prune.c
 *	  Removing versions from a history: decisions, and its heap
 *
 * The heap is read from a page on, in the order in which it lies there, which
 * is nearly that in which versions ended; what is to go is deleted on the way.
 * When its time is over it stops at the end of a page, so that a transaction is
 * as short as its caller wants it.
 *
 * Nobody is waited for, and who waits for the table has it soon.  A version
 * that another transaction is about to delete, because it moves to a segment or
 * because retention runs twice, is left to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "catalog/job_progress.h"
#include "history/history_prune.h"
#include "history/history_ranges.h"
#include "history/history_store.h"

bool
prune_pins(const PruneRule *rule, TimestampTz start, TimestampTz end)
{
	for (int i = 0; i < rule->npins; i++)
	{
		if (start <= rule->pins[i].time && end > rule->pins[i].lower)
			return true;
	}
	return false;
}

PruneChoice
prune_choose_segment(const PruneRule *rule, TimestampTz starts,
					 TimestampTz ends, TimestampTz first_end)
{
	if (first_end > rule->before)
		return PRUNE_NOTHING;
	if (ends <= rule->before && rule->chooses == NULL &&
		!prune_pins(rule, starts, ends))
		return PRUNE_WHOLE;
	return PRUNE_SOME;
}

void
prune_result_init(PruneResult *result)
{
	memset(result, 0, sizeof(*result));
	result->first = DT_NOEND;
	result->last = DT_NOBEGIN;
}

void
prune_result_add(PruneResult *result, int64 versions, int64 bytes,
				 TimestampTz first, TimestampTz last)
{
	result->versions += versions;
	result->bytes += bytes;
	result->first = Min(result->first, first);
	result->last = Max(result->last, last);
}

bool
prune_is_done(const PruneWork *work)
{
	instr_time	now;

	if (work->first_only && work->result.versions > 0)
		return true;
	if (work->budget_us == 0)
		return false;
	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, work->begun);
	return (int64) INSTR_TIME_GET_MICROSEC(now) >= work->budget_us;
}

bool
prune_delete(Relation rel, ItemPointer tid, Snapshot snapshot)
{
	return history_delete(rel, tid, snapshot, false /* wait */ ) == TM_Ok;
}

int64
prune_heap_size(TupleTableSlot *slot)
{
	bool		should_free;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
	int64		size = MAXALIGN(tuple->t_len) + sizeof(ItemIdData);

	if (HeapTupleHasExternal(tuple))
	{
		TupleDesc	desc = slot->tts_tupleDescriptor;

		slot_getallattrs(slot);
		for (int i = 0; i < desc->natts; i++)
		{
			if (TupleDescAttr(desc, i)->attlen == -1 &&
				!slot->tts_isnull[i] &&
				VARATT_IS_EXTERNAL(DatumGetPointer(slot->tts_values[i])))
				size += toast_datum_size(slot->tts_values[i]);
		}
	}
	if (should_free)
		heap_freetuple(tuple);
	return size;
}

/*
 * Is the version in the slot to go?
 */
static bool
prune_heap_wants(const PruneWork *work, TupleTableSlot *slot,
				 TimestampTz *end)
{
	const PruneRule *rule = work->rule;
	bool		no_start;
	bool		no_end;
	TimestampTz start;

	*end = DatumGetTimestampTz(slot_getattr(slot, work->end_attno, &no_end));
	if (no_end || *end > rule->before || TIMESTAMP_IS_NOEND(*end))
		return false;
	start = DatumGetTimestampTz(slot_getattr(slot, work->start_attno,
											 &no_start));
	return !no_start && !prune_pins(rule, start, *end) &&
		(rule->chooses == NULL || rule->chooses(rule->arg, slot, *end));
}

/*
 * Goes through the pages that are set; false if it stopped before the end.
 */
static bool
prune_pages(PruneWork *work, RangeScan *scan, TupleTableSlot *slot,
			Snapshot snapshot)
{
	Relation	rel = work->history;
	BlockNumber block = InvalidBlockNumber;

	while (history_ranges_next(scan, slot))
	{
		TimestampTz end;
		int64		size;

		job_progress_give_way();
		if (ItemPointerGetBlockNumber(&slot->tts_tid) != block)
		{
			CHECK_FOR_INTERRUPTS();
			job_progress_pause();
			if (block != InvalidBlockNumber && prune_is_done(work))
			{
				work->next = ItemPointerGetBlockNumber(&slot->tts_tid);
				return false;
			}
			block = ItemPointerGetBlockNumber(&slot->tts_tid);
		}
		if (!prune_heap_wants(work, slot, &end))
			continue;
		size = prune_heap_size(slot);
		if (work->dry || prune_delete(rel, &slot->tts_tid, snapshot))
			prune_result_add(&work->result, 1, size, end, end);
		if (work->first_only && work->result.versions > 0)
		{
			work->next = block;
			return false;
		}
	}
	work->next = scan->end;
	return true;
}

bool
history_prune_heap(PruneWork *work)
{
	Relation	rel = work->history;
	Snapshot	snapshot;
	RangeScan	scan;
	TupleTableSlot *slot;
	bool		complete = true;

	if (work->next >= RelationGetNumberOfBlocks(rel))
		return true;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(rel, NULL);
	history_ranges_begin(&scan, rel, snapshot, false);

	/* the clock is to be looked at between pages without rows, too */
	while (complete && work->next < scan.npages)
	{
		history_ranges_set(&scan, work->next,
						   work->next + Min(scan.npages - work->next,
											RANGE_PAGES));
		complete = prune_pages(work, &scan, slot, snapshot) &&
			(work->next >= scan.npages || !prune_is_done(work));
	}
	history_ranges_end(&scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	return complete;
}
