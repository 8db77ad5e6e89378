/*-------------------------------------------------------------------------
 *
 * transaction_tick.h
 *	  Which transaction does a tick belong to?
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_TICK_H
#define TEMPORAL_TRANSACTION_TICK_H

#include "datatype/timestamp.h"

typedef struct TransactionOfTick
{
	TimestampTz tick;
	TimestampTz committed_at;
	int64		xid;
	bool		has_siblings;	/* other ticks of the same transaction */
} TransactionOfTick;

/* NULL if the log does not know it.  Valid until the next call. */
extern const TransactionOfTick *transaction_of_tick(TimestampTz tick);

/*
 * All ticks of the transaction with that one, ascending and palloc'd, if it
 * has several; else NULL.
 */
extern TimestampTz *transaction_tick_siblings(TimestampTz tick, int *nticks);

#endif							/* TEMPORAL_TRANSACTION_TICK_H */
