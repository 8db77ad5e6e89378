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

/* Its columns; those of temporal.prepared_transaction are the same */
enum
{
	Anum_transaction_committed_at = 1,	/* C; of a prepared one, its tick then */
	Anum_transaction_system_time,		/* S */
	Anum_transaction_settled,	/* nothing else was in flight up to here */
	Anum_transaction_arrived,	/* and all with a C up to here had ended */
	Anum_transaction_xid,
	Anum_transaction_lifetime,	/* transaction_log_lifetime(S, C) */
	Anum_transaction_ticks,		/* own ticks after S, or NULL */
	Anum_transaction_session_user,
	Anum_transaction_role,
	Anum_transaction_application_name,
	Anum_transaction_client_addr,
	Anum_transaction_context,
	Anum_transaction_prepared_by,	/* system identifier, if it was prepared */
	Natts_transaction = Anum_transaction_prepared_by
};

extern void transaction_log_init(void);

/* What belongs to the log; all InvalidOid where it is not there (any more). */
typedef struct LogObjects
{
	Oid			log;			/* temporal.transaction_log */
	Oid			prepared;		/* temporal.prepared_transaction */
	Oid			slow;			/* btree (lifetime, committed_at) */
	Oid			brin;			/* BRIN on the times and xid */
} LogObjects;

extern const LogObjects *transaction_log_objects(void);

/*
 * Writes the row of a transaction that was prepared, which looks like
 * prepared, as committed now.
 */
extern void transaction_log_write_prepared(HeapTuple prepared,
										   TupleDesc desc);

/*
 * The lifetime of a transaction is the order of magnitude of C - S: n if that
 * is from 4^n microseconds to less than 4^(n+1).  A slow one is one of
 * TRANSACTION_LIFETIME_SLOW (65 ms) or more.
 */
#define TRANSACTION_LIFETIME_SLOW	8
#define TRANSACTION_LIFETIME_MAX	31

/* C - S of this lifetime, and of lesser ones, is less. */
extern int64 transaction_lifetime_limit(int lifetime);

#endif							/* TEMPORAL_TRANSACTION_LOG_H */
