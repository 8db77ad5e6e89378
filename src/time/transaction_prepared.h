/*-------------------------------------------------------------------------
 *
 * transaction_prepared.h
 *	  Two-phase commit of transactions that have a system time
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_PREPARED_H
#define TEMPORAL_TRANSACTION_PREPARED_H

#include "datatype/timestamp.h"

extern void transaction_prepared_init(void);

/*
 * A time, at most at_most, at or before which no prepared transaction of this
 * database has a tick.
 */
extern TimestampTz transaction_prepared_settled(TimestampTz at_most);

/*
 * Before the current transaction is prepared: nobody can finish it until it
 * is.
 */
extern void transaction_prepared_lock(void);

#endif							/* TEMPORAL_TRANSACTION_PREPARED_H */
