/*-------------------------------------------------------------------------
 *
 * transaction_flight.h
 *	  Which transactions are in flight: have a system time and no end yet
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_FLIGHT_H
#define TEMPORAL_TRANSACTION_FLIGHT_H

#include "datatype/timestamp.h"

extern void transaction_flight_init(void);

/* To be called before this transaction takes its first tick. */
extern void transaction_flight_enter(void);

/* To be called when the transaction's end can be seen by others. */
extern void transaction_flight_leave(void);

/*
 * A time at or before which no transaction of this database in flight, other
 * than prepared ones, has a tick, or will take one.  At most at_most.  own:
 * does this transaction count?
 */
extern TimestampTz transaction_flight_settled(TimestampTz at_most, bool own);

#endif							/* TEMPORAL_TRANSACTION_FLIGHT_H */
