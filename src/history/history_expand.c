/*-------------------------------------------------------------------------
 *
 * history_expand.c
 *	  Moving versions from segments back to a history's heap
 *
 * As in the other direction, a transaction inserts versions in one place and
 * deletes them from the other, so that each is in exactly one at every snapshot.
 * Readers and writers do not wait.
 *
 * Where the history is to be an ordinary table, the relation of the segments
 * goes, too.  That takes the history for itself: plans that read segments must
 * be done before.  Snapshots from before do not see the versions then, as with
 * other DDL that rewrites a table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/tablecmds.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/segment_table.h"
#include "history/history_access.h"
#include "history/history_compact.h"
#include "history/history_compact_lock.h"
#include "history/history_reach.h"
#include "history/history_segment.h"
#include "history/history_segments.h"
#include "history/history_store.h"

/*
 * Writes the versions of a segment back; returns how many.
 */
static int
expand_segment(HistorySegment *segment, AttrNumber start_attno,
			   AttrNumber end_attno, HistoryWriter *writer,
			   const SegmentRow *row, ItemPointer tid)
{
	TupleDesc	desc = history_writer_desc(writer);
	int			nversions = history_segment_open(segment, row->data, tid,
												 desc->natts);
	Datum	   *values = palloc(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));

	for (int i = 0; i < nversions; i++)
	{
		MemoryContext old;
		HeapTuple	tuple;

		for (int j = 0; j < desc->natts; j++)
		{
			const Datum *column;
			const bool *column_nulls;

			if (TupleDescAttr(desc, j)->attisdropped)
			{
				values[j] = (Datum) 0;
				nulls[j] = true;
				continue;
			}
			history_segment_read(segment, j + 1, &column, &column_nulls);
			values[j] = column[i];
			nulls[j] = column_nulls != NULL && column_nulls[i];
		}
		old = MemoryContextSwitchTo(history_writer_tuple_context(writer));
		tuple = heap_form_tuple(desc, values, nulls);
		MemoryContextSwitchTo(old);
		history_writer_add(writer, tuple,
						   DatumGetTimestampTz(values[start_attno - 1]),
						   DatumGetTimestampTz(values[end_attno - 1]));
	}
	pfree(values);
	pfree(nulls);
	return nversions;
}

/*
 * Writes the versions of all segments back, and deletes these.
 *
 * Functions in indexes of the history run as its owner, as PostgreSQL has it
 * where it rewrites a table: whoever looks after others' tables is not to run
 * what they wrote.
 */
static void
expand_all(Relation history, Relation segments, const SegmentTable *stored,
		   CompactResult *result)
{
	Oid			user;
	int			security;
	int			level;
	HistorySegment *segment = history_segment_create(history,
													 stored->start_attno,
													 stored->end_attno);
	HistoryWriter *writer = history_writer_begin(RelationGetRelid(history),
												 stored->start_attno,
												 stored->end_attno);
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	TupleTableSlot *slot = table_slot_create(segments, NULL);
	TableScanDesc scan = table_beginscan(segments, snapshot, 0, NULL);

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(history->rd_rel->relowner,
						   security | SECURITY_RESTRICTED_OPERATION);
	level = NewGUCNestLevel();
	history_writer_moves(writer);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		SegmentRow	row;

		CHECK_FOR_INTERRUPTS();
		history_segments_read(slot, &row);
		result->versions += expand_segment(segment, stored->start_attno,
										   stored->end_attno, writer, &row,
										   &slot->tts_tid);
		if (history_delete(segments, &slot->tts_tid, snapshot,
						   true /* wait */ ) != TM_Ok)
			history_compact_refuse(history);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	history_writer_end(writer);
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(user, security);
}

void
history_expand(const VersionedTable *table, bool drop, CompactResult *result)
{
	SegmentTable stored;
	Relation	history;
	Relation	segments;
	List	   *runs;
	ListCell   *lc;

	memset(result, 0, sizeof(*result));
	LockRelationOid(table->history,
					drop ? AccessExclusiveLock : RowExclusiveLock);
	if (!segment_table_get(table->history, &stored))
		return;
	history = table_open(table->history, NoLock);
	if (drop)
		CheckTableNotInUse(history, "decompress");

	/* against others of our kind alone, if it is not to go */
	segments = table_open(stored.segments, drop ? AccessExclusiveLock :
						  ShareUpdateExclusiveLock);
	history_reach_change_segments(table->history);
	runs = segment_run_list(table->history, NULL, false);
	history_compact_check_runs(history, runs, GetTransactionSnapshot());
	foreach(lc, runs)
	{
		const SegmentRun *run = lfirst(lc);

		result->bytes_before += run->bytes;
		result->bytes_after += run->raw_bytes;
		result->segments += run->segments;
		result->runs++;
		segment_run_delete(table->history, run->run);
	}
	expand_all(history, segments, &stored, result);
	table_close(segments, NoLock);
	table_close(history, NoLock);
	CommandCounterIncrement();
	if (!drop)
		return;

	history_access_set(table->history, false);
	segment_table_delete(table->history);
	CacheInvalidateRelcacheByRelid(table->history);
	history_segments_drop(stored.segments);
}
