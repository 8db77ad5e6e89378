/*-------------------------------------------------------------------------
 *
 * transaction_scan.c
 *	  Reading temporal.transaction_log by the time of the commits
 *
 * The log is a heap and has no index on the commit tick: a commit would pay
 * for it.  Rows lie in the order in which they arrived, since each is appended
 * to what was the last page at the time, and that is nearly the order of C.
 * A binary search over the pages comes close to any time; the rows themselves
 * say how far to either side one has to look.
 *
 * WHAT IS KNOWN OF ROWS X, Y, Z
 *		A transaction looks at what is settled and has arrived, then takes its
 *		C, then chooses the page.  So:
 *
 *		(1) What was inserted before Z took its C lies not after Z's page.
 *		(2) Y with C <= Z's arrived had ended before Z took its C.
 *		(3) Y with a tick <= Z's settled had ended before Z took its C.
 *
 * WHERE TO BEGIN for rows with C > t: on a page with some Y whose C is at or
 *		before the arrived of some Z, whose C is at or before t.  Y was there
 *		before Z took its C, hence before t; what has a C after t chose its page
 *		later and does not lie before Y's.
 *
 * WHERE TO END		after the page of a Z, by (2) and (1) if it is about rows with
 *		C up to Z's arrived, by (3) and (1) if it is about those in flight up
 *		to its settled.  Rows of one page are in any order, because space of aborted
 *		ones is used again: a page is always read whole.
 *
 * All of this survives VACUUM, VACUUM FULL (transaction_order.c) and dump and
 * restore (temporal_append_transaction()), which keep the order of rows.
 *
 * A PREPARED TRANSACTION has a row that was committed a moment before it was
 * itself.  A snapshot from in between must not take the row for seen.
 *
 * SLOW TRANSACTIONS, of 65 ms and more, can lie far after any t at which they
 * were in flight.  They have entries in a btree on (lifetime, committed_at):
 * one of lifetime n that was in flight at t was committed in
 * (t, t + 4^(n+1)], and of all that were, a good part of those were in flight
 * at t, so that about as many rows are read as are found.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat_access.h"
#include "time/transaction_log.h"
#include "time/transaction_scan.h"

/* The columns that every row has, as they lie in a tuple */
typedef struct FormData_transaction
{
	TimestampTz committed_at;
	TimestampTz system_time;
	TimestampTz settled;
	TimestampTz arrived;
	int64		xid;
	int16		lifetime;
} FormData_transaction;

struct TransactionScan
{
	Relation	log;
	Snapshot	snapshot;
	BlockNumber nblocks;

	/* The page being read */
	BlockNumber block;
	int			nrows;
	int			place;
	TransactionRow rows[MaxHeapTuplesPerPage];
	MemoryContext context;		/* of this struct */
	MemoryContext page_context;	/* of the rows' ticks, once there are any */
	TimestampTz after;			/* only rows with C > after */
	bool		stop;			/* at the end of the page */

	/* The index of slow transactions, once it is asked for */
	bool		reads_slow;
	Relation	slow;
	IndexScanDesc slow_scan;
	TupleTableSlot *slot;
	ScanKeyData keys[2];		/* of a row comparison */
};

TransactionScan *
transaction_scan_begin(Snapshot snapshot)
{
	const LogObjects *objects = transaction_log_objects();
	TransactionScan *scan;

	if (!OidIsValid(objects->log))
		return NULL;
	scan = palloc(sizeof(TransactionScan));
	scan->log = table_open(objects->log, AccessShareLock);
	scan->snapshot = snapshot;
	scan->nblocks = RelationGetNumberOfBlocks(scan->log);
	scan->block = 0;
	scan->nrows = scan->place = 0;
	scan->context = CurrentMemoryContext;
	scan->page_context = NULL;
	scan->stop = false;
	scan->reads_slow = false;
	scan->slow = NULL;
	return scan;
}

void
transaction_scan_end(TransactionScan *scan)
{
	if (scan->slow != NULL)
	{
		index_endscan(scan->slow_scan);
		ExecDropSingleTupleTableSlot(scan->slot);
		index_close(scan->slow, AccessShareLock);
	}
	if (scan->page_context != NULL)
		MemoryContextDelete(scan->page_context);
	table_close(scan->log, AccessShareLock);
	pfree(scan);
}

/*
 * Does the snapshot see what the row's transaction changed?
 *
 * A row that another transaction wrote for a prepared one of this cluster can
 * be seen before that is: then the prepared one is still in progress.  Rows
 * that were dumped elsewhere have transaction numbers that mean nothing here.
 */
static bool
scan_sees(TransactionScan *scan, HeapTuple tuple)
{
	Snapshot	snapshot = scan->snapshot;
	TupleDesc	desc = RelationGetDescr(scan->log);
	Datum		prepared_by;
	bool		isnull;

	if (snapshot == NULL || !IsMVCCSnapshot(snapshot))
		return true;
	if (XidInMVCCSnapshot(HeapTupleHeaderGetXmin(tuple->t_data), snapshot))
		return false;
	prepared_by = heap_getattr(tuple, Anum_transaction_prepared_by, desc,
							   &isnull);
	if (!isnull &&
		DatumGetInt64(prepared_by) == (int64) GetSystemIdentifier())
	{
		TransactionId xid;

		xid = (TransactionId) DatumGetInt64(heap_getattr(tuple,
														 Anum_transaction_xid,
														 desc, &isnull));
		if (TransactionIdFollowsOrEquals(xid, snapshot->xmin) &&
			XidInMVCCSnapshot(xid, snapshot))
			return false;
	}
	return true;
}

/*
 * All but the ticks
 */
static void
scan_fill_row(TransactionScan *scan, HeapTuple tuple, TransactionRow *row)
{
	const FormData_transaction *form =
		(const FormData_transaction *) GETSTRUCT(tuple);

	row->committed_at = form->committed_at;
	row->system_time = form->system_time;
	row->settled = form->settled;
	row->arrived = form->arrived;
	row->xid = form->xid;
	row->lifetime = form->lifetime;
	row->visible = scan_sees(scan, tuple);
	row->nticks = 0;
	row->ticks = NULL;
}

/*
 * To be called before scan_fill_ticks(); switches to the context they will be
 * in.
 */
static MemoryContext
scan_use_page_context(TransactionScan *scan)
{
	if (scan->page_context == NULL)
		scan->page_context = AllocSetContextCreate(scan->context,
												   "temporal transaction scan",
												   ALLOCSET_SMALL_SIZES);
	return MemoryContextSwitchTo(scan->page_context);
}

/*
 * The ticks, which may be stored elsewhere: not to be called with a page
 * locked.
 */
static void
scan_fill_ticks(TransactionScan *scan, Datum ticks, TransactionRow *row)
{
	ArrayType  *array = DatumGetArrayTypePCopy(ticks);

	if (ARR_NDIM(array) != 1 || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("column \"ticks\" of \"%s\" is not a list of times",
						RelationGetRelationName(scan->log))));
	row->nticks = ARR_DIMS(array)[0];
	row->ticks = (const TimestampTz *) ARR_DATA_PTR(array);
}

/*
 * Reads a page, whole.
 */
static void
scan_read_page(TransactionScan *scan, BlockNumber block)
{
	Buffer		buffer;
	Page		page;
	OffsetNumber last;
	int			nlong = 0;
	int			longs[MaxHeapTuplesPerPage];
	Datum		datums[MaxHeapTuplesPerPage];

	CHECK_FOR_INTERRUPTS();
	if (scan->page_context != NULL)
		MemoryContextReset(scan->page_context);
	scan->block = block;
	scan->nrows = scan->place = 0;
	buffer = ReadBuffer(scan->log, block);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	last = PageGetMaxOffsetNumber(page);
	for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTupleData tuple;

		if (!ItemIdIsNormal(item))
			continue;
		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(scan->log);
		ItemPointerSet(&tuple.t_self, block, offset);
		if (!HeapTupleSatisfiesVisibility(&tuple, SnapshotSelf, buffer))
			continue;
		scan_fill_row(scan, &tuple, &scan->rows[scan->nrows]);
		if (!HeapTupleHasNulls(&tuple) ||
			!att_isnull(Anum_transaction_ticks - 1, tuple.t_data->t_bits))
		{
			MemoryContext old = scan_use_page_context(scan);
			bool		isnull;
			Datum		ticks = heap_getattr(&tuple, Anum_transaction_ticks,
											 RelationGetDescr(scan->log),
											 &isnull);

			datums[nlong] = datumCopy(ticks, false, -1);
			longs[nlong++] = scan->nrows;
			MemoryContextSwitchTo(old);
		}
		scan->nrows++;
	}
	UnlockReleaseBuffer(buffer);
	if (nlong > 0)
	{
		MemoryContext old = scan_use_page_context(scan);

		for (int i = 0; i < nlong; i++)
			scan_fill_ticks(scan, datums[i], &scan->rows[longs[i]]);
		MemoryContextSwitchTo(old);
	}
}

/*
 * The C of a row of the page, or of the first after it that has one; infinity
 * if there is none.  For orientation only: the row may be an aborted one.
 */
static TimestampTz
scan_page_time(TransactionScan *scan, BlockNumber block)
{
	for (; block < scan->nblocks; block++)
	{
		Buffer		buffer = ReadBuffer(scan->log, block);
		Page		page;
		OffsetNumber last;

		CHECK_FOR_INTERRUPTS();
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		last = PageGetMaxOffsetNumber(page);
		for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset++)
		{
			ItemId		item = PageGetItemId(page, offset);
			HeapTupleData tuple;
			TimestampTz result;

			if (!ItemIdIsNormal(item))
				continue;
			tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
			result = ((FormData_transaction *) GETSTRUCT(&tuple))->committed_at;
			UnlockReleaseBuffer(buffer);
			return result;
		}
		UnlockReleaseBuffer(buffer);
	}
	return DT_NOEND;
}

/*
 * The page to begin with for rows with C > t; see the head of this file.
 */
static BlockNumber
scan_find_page(TransactionScan *scan, TimestampTz t)
{
	BlockNumber low = 0;		/* t is after some row of it, or it is 0 */
	BlockNumber high = scan->nblocks;	/* t is before some row of it */
	TimestampTz arrived = DT_NOBEGIN;

	while (high - low > 1)
	{
		BlockNumber middle = low + (high - low) / 2;

		if (scan_page_time(scan, middle) <= t)
			low = middle;
		else
			high = middle;
	}
	for (; low > 0; low--)
	{
		scan_read_page(scan, low);
		for (int i = 0; i < scan->nrows; i++)
		{
			if (scan->rows[i].committed_at <= t)
				arrived = Max(arrived, scan->rows[i].arrived);
		}
		for (int i = 0; i < scan->nrows; i++)
		{
			if (scan->rows[i].committed_at <= arrived)
				return low;
		}
	}
	return low;
}

void
transaction_scan_after(TransactionScan *scan, TimestampTz t)
{
	scan->reads_slow = false;
	scan->stop = scan->nblocks == 0;
	scan->after = t;
	scan->nrows = scan->place = 0;
	if (!scan->stop)
	{
		BlockNumber block = scan_find_page(scan, t);

		/* finding it has mostly read it */
		if (scan->nrows == 0 || scan->block != block)
			scan_read_page(scan, block);
		scan->place = 0;
	}
}

void
transaction_scan_stop(TransactionScan *scan)
{
	scan->stop = true;
}

/*
 * The page has been read.  It is the one to begin with for all t from the C of
 * a Z on that says so (see the head of this file), and for any t if there is no
 * page before it.  It suffices, or does with a little reading on from it, up to
 * what its rows say is settled, or up to the last of them; for any t if there
 * is no page after it.
 */
void
transaction_scan_widen(TransactionScan *scan, TimestampTz until,
					   TimestampTz *from, TimestampTz *to)
{
	TimestampTz t = scan->after;
	TimestampTz first = DT_NOEND;
	TimestampTz settled = t;
	TimestampTz last = t;

	for (int i = 0; i < scan->nrows; i++)
	{
		first = Min(first, scan->rows[i].committed_at);
		last = Max(last, scan->rows[i].committed_at);
		settled = Max(settled, scan->rows[i].settled);
	}
	for (int i = 0; i < scan->nrows; i++)
	{
		if (scan->rows[i].arrived >= first)
			*from = Min(*from, scan->rows[i].committed_at);
	}
	if (scan->block == 0)
		*from = DT_NOBEGIN;
	if (scan->block + 1 >= scan->nblocks)
		*to = Max(t, until);
	else
		*to = Max(t, Min(until, settled > t ? settled : last));
	scan->after = *from;
}

/*
 * (lifetime, committed_at) > (lifetime, t), as one key
 */
void
transaction_scan_slow(TransactionScan *scan, int lifetime, TimestampTz t)
{
	ScanKeyData row;

	if (scan->slow == NULL)
	{
		scan->slow = index_open(transaction_log_objects()->slow,
								AccessShareLock);
		scan->slow_scan = temporal_index_beginscan(scan->log, scan->slow,
												   SnapshotSelf, 1, 0);
		scan->slot = table_slot_create(scan->log, NULL);
	}
	ScanKeyInit(&scan->keys[0], 1, BTGreaterStrategyNumber, F_BTINT2CMP,
				Int16GetDatum(lifetime));
	scan->keys[0].sk_flags = SK_ROW_MEMBER;
	ScanKeyInit(&scan->keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_CMP,
				TimestampTzGetDatum(t));
	scan->keys[1].sk_flags = SK_ROW_MEMBER | SK_ROW_END;
	MemSet(&row, 0, sizeof(row));
	row.sk_flags = SK_ROW_HEADER;
	row.sk_attno = 1;
	row.sk_strategy = BTGreaterStrategyNumber;
	row.sk_argument = PointerGetDatum(scan->keys);
	index_rescan(scan->slow_scan, &row, 1, NULL, 0);
	scan->reads_slow = true;
}

static bool
scan_next_slow(TransactionScan *scan, TransactionRow *row)
{
	HeapTuple	tuple;
	bool		isnull;
	Datum		ticks;
	MemoryContext old;

	if (!index_getnext_slot(scan->slow_scan, ForwardScanDirection, scan->slot))
		return false;
	tuple = ExecFetchSlotHeapTuple(scan->slot, false, NULL);
	scan_fill_row(scan, tuple, row);
	ticks = heap_getattr(tuple, Anum_transaction_ticks,
						 RelationGetDescr(scan->log), &isnull);
	if (!isnull)
	{
		old = scan_use_page_context(scan);
		MemoryContextReset(scan->page_context);
		scan_fill_ticks(scan, ticks, row);
		MemoryContextSwitchTo(old);
	}
	return true;
}

bool
transaction_scan_next(TransactionScan *scan, TransactionRow *row)
{
	if (scan->reads_slow)
		return scan_next_slow(scan, row);
	for (;;)
	{
		while (scan->place < scan->nrows)
		{
			*row = scan->rows[scan->place++];
			if (row->committed_at > scan->after)
				return true;
		}
		if (scan->stop || scan->block + 1 >= scan->nblocks)
			return false;
		scan_read_page(scan, scan->block + 1);
	}
}

/*
 * Rows before the page of a Y whose C is at or before the arrived of some Z
 * have no C after Z's.
 */
bool
transaction_scan_latest(TransactionScan *scan, TransactionRow *row)
{
	TimestampTz arrived = DT_NOBEGIN;
	bool		found = false;

	for (BlockNumber block = scan->nblocks; block-- > 0;)
	{
		bool		enough = false;

		scan_read_page(scan, block);
		for (int i = 0; i < scan->nrows; i++)
		{
			const TransactionRow *candidate = &scan->rows[i];

			if (!candidate->visible)
				continue;
			if (!found || candidate->committed_at > row->committed_at)
				*row = *candidate;
			found = true;
			arrived = Max(arrived, candidate->arrived);
		}
		for (int i = 0; i < scan->nrows; i++)
			enough |= scan->rows[i].committed_at <= arrived;
		if (enough)
			break;
	}
	return found;
}
