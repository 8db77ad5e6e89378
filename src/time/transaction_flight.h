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

/* To be called before it takes its commit tick. */
extern void transaction_flight_commit(void);

/*
 * To be called when the transaction's end can be seen by others; does nothing
 * if it had nothing to announce.
 */
extern void transaction_flight_leave(void);

/* A transaction that has ticks is being prepared; was one since the start? */
extern void transaction_flight_note_prepared(void);
extern bool transaction_flight_had_prepared(void);

/*
 * *settled: a time at or before which no transaction of this database in
 * flight, other than prepared ones, has a tick, or will take one.  *arrived: a
 * time at or before which none has a commit tick and has not ended.  Both at
 * most at_most.  own: does this transaction count?
 */
extern void transaction_flight_look(TimestampTz at_most, bool own,
									TimestampTz *settled,
									TimestampTz *arrived);

/* *settled alone, and this transaction counts. */
extern TimestampTz transaction_flight_settled(TimestampTz at_most);

#endif							/* TEMPORAL_TRANSACTION_FLIGHT_H */
