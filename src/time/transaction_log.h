/*-------------------------------------------------------------------------
 *
 * transaction_log.h
 *	  temporal.transaction_log: when each transaction was committed
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_LOG_H
#define TEMPORAL_TRANSACTION_LOG_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "utils/snapshot.h"

/* Its columns; those of temporal.prepared_transaction are the same */
enum
{
	Anum_transaction_committed_at = 1,	/* C; of a prepared one, its tick then */
	Anum_transaction_system_time,		/* S */
	Anum_transaction_settled,	/* nothing else was in flight up to here */
	Anum_transaction_xid,
	Anum_transaction_lifetime,	/* transaction_log_lifetime(S, C) */
	Anum_transaction_ticks,		/* own ticks after S, or NULL */
	Anum_transaction_session_user,
	Anum_transaction_role,
	Anum_transaction_application_name,
	Anum_transaction_client_addr,
	Anum_transaction_context,
	Natts_transaction = Anum_transaction_context
};

/* What readers of the log want of a row */
typedef struct TransactionRow
{
	TimestampTz committed_at;
	TimestampTz system_time;
	TimestampTz settled;
	int64		xid;
	int			lifetime;
	bool		visible;		/* to the snapshot of the scan */
	int			nticks;			/* own ticks after S, */
	TimestampTz *ticks;			/* in the current memory context */
} TransactionRow;

extern void transaction_log_init(void);

/*
 * temporal.transaction_log and temporal.prepared_transaction; InvalidOid
 * where they are not there (any more).
 */
extern Oid	transaction_log_relation(void);
extern Oid	transaction_log_prepared_relation(void);

/*
 * Writes the row of a transaction that was prepared, which looks like
 * prepared, as committed now.
 */
extern void transaction_log_write_prepared(HeapTuple prepared,
										   TupleDesc desc);

/*
 * A walk through the log by lifetime: the order of magnitude of C - S, which
 * is between 4^n and 4^(n+1) microseconds.
 *
 * All that is committed by now is there; a row says whether the snapshot, if
 * there is one, sees the transaction's changes.  Nothing is noted for
 * SERIALIZABLE: what a reader learns from the log, it also learns from the
 * rows.
 */
typedef struct TransactionScan TransactionScan;

/* NULL if there is no log. */
extern TransactionScan *transaction_scan_begin(Snapshot snapshot);
extern void transaction_scan_end(TransactionScan *scan);

/*
 * From here on the rows of the lifetime that were committed after t, then all
 * rows of greater lifetimes: in order of lifetime, then of commit.
 */
extern void transaction_scan_after(TransactionScan *scan, int lifetime,
								   TimestampTz t);

/* From here on the rows of that and lesser lifetimes, in the opposite order. */
extern void transaction_scan_back(TransactionScan *scan, int lifetime);

extern bool transaction_scan_next(TransactionScan *scan, TransactionRow *row);

/* A C - S that lifetimes up to this one do not reach. */
extern int64 transaction_lifetime_limit(int lifetime);

#define TRANSACTION_LIFETIME_MAX	31

#endif							/* TEMPORAL_TRANSACTION_LOG_H */
