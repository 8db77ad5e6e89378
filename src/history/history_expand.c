/*-------------------------------------------------------------------------
 *
 * history_expand.c
 *	  Moving versions from segments back to a history's heap
 *
 * For a history that is to be an ordinary table again, or whose segments do
 * not fit its table any more.  It takes the history for itself: plans that read
 * segments must be done before these go.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "commands/tablecmds.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/segment_table.h"
#include "history/history_access.h"
#include "history/history_compact.h"
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

void
history_expand(const VersionedTable *table, CompactResult *result)
{
	SegmentTable stored;
	Relation	history;
	Relation	segments;
	HistorySegment *segment;
	HistoryWriter *writer;
	TableScanDesc scan;
	TupleTableSlot *slot;
	Snapshot	snapshot;
	ListCell   *lc;

	memset(result, 0, sizeof(*result));
	LockRelationOid(table->history, AccessExclusiveLock);
	if (!segment_table_get(table->history, &stored))
		return;
	history = table_open(table->history, NoLock);
	CheckTableNotInUse(history, "decompress");
	segments = table_open(stored.segments, AccessExclusiveLock);
	foreach(lc, segment_run_list(table->history, NULL, false))
	{
		const SegmentRun *run = lfirst(lc);

		result->bytes_before += run->bytes;
		result->bytes_after += run->raw_bytes;
		result->segments += run->segments;
		result->runs++;
	}

	segment = history_segment_create(history, stored.start_attno,
									 stored.end_attno);
	writer = history_writer_begin(table->history, stored.start_attno,
								  stored.end_attno);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(segments, NULL);
	scan = table_beginscan(segments, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		SegmentRow	row;

		CHECK_FOR_INTERRUPTS();
		history_segments_read(slot, &row);
		result->versions += expand_segment(segment, stored.start_attno,
										   stored.end_attno, writer, &row,
										   &slot->tts_tid);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	history_writer_end(writer);
	table_close(segments, NoLock);
	table_close(history, NoLock);

	history_access_set(table->history, false);
	segment_table_delete(table->history);
	CacheInvalidateRelcacheByRelid(table->history);
	history_segments_drop(stored.segments);
}
