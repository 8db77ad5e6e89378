/*-------------------------------------------------------------------------
 *
 * transaction_scan.h
 *	  Reading temporal.transaction_log by the time of the commits
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_SCAN_H
#define TEMPORAL_TRANSACTION_SCAN_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

typedef struct TransactionRow
{
	TimestampTz committed_at;
	TimestampTz system_time;
	TimestampTz settled;
	TimestampTz arrived;
	int64		xid;
	int			lifetime;
	bool		visible;		/* to the snapshot of the scan */
	int			nticks;			/* own ticks after S, */
	const TimestampTz *ticks;	/* until the scan moves on */
} TransactionRow;

typedef struct TransactionScan TransactionScan;

/*
 * All that is committed by now is there; a row says whether the snapshot, if
 * there is one, sees the transaction's changes.  Nothing is noted for
 * SERIALIZABLE: what a reader learns from the log, it also learns from the
 * rows.  NULL if there is no log.
 */
extern TransactionScan *transaction_scan_begin(Snapshot snapshot);
extern void transaction_scan_end(TransactionScan *scan);

/*
 * From here on the rows committed after t, nearly in that order.
 * transaction_scan_stop(): no more than those that belong together with the
 * last one; what they are is transaction_scan.c's business.
 */
extern void transaction_scan_after(TransactionScan *scan, TimestampTz t);
extern void transaction_scan_stop(TransactionScan *scan);

/*
 * Called right after transaction_scan_after(t), with *from and *to being t:
 * sets them to times around t, *to to until at most, such that reading what is
 * needed for all of them is hardly more than reading what is needed for t.
 * The scan has the rows committed after *from then.
 */
extern void transaction_scan_widen(TransactionScan *scan, TimestampTz until,
								   TimestampTz *from, TimestampTz *to);

/*
 * From here on the rows of slow transactions of the lifetime that were
 * committed after t, then all of greater lifetimes: in order of lifetime, then
 * of commit.
 */
extern void transaction_scan_slow(TransactionScan *scan, int lifetime,
								  TimestampTz t);

extern bool transaction_scan_next(TransactionScan *scan, TransactionRow *row);

/*
 * The row committed last of those that the snapshot sees; false if there is
 * none.
 */
extern bool transaction_scan_latest(TransactionScan *scan,
									TransactionRow *row);

#endif							/* TEMPORAL_TRANSACTION_SCAN_H */
