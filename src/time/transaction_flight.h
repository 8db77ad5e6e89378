/*-------------------------------------------------------------------------
 *
 * transaction_flight.h
 *	  Which transactions are in flight: have a system time and no end yet
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_FLIGHT_H
#define TEMPORAL_TRANSACTION_FLIGHT_H

#include "access/transam.h"
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

/* To be called at BEGIN: PREPARE TRANSACTION is in no transaction without. */
extern void transaction_flight_note_begin(void);

/* A transaction that has ticks is being prepared; was one on this server? */
extern void transaction_flight_note_prepared(void);
extern bool transaction_flight_had_prepared(void);

/*
 * Finishing a prepared transaction failed half way.  May that have happened to
 * this one, or was it prepared before this server started, crashed or was
 * promoted, so that nobody knows?
 */
extern void transaction_flight_note_unfinished(void);
extern bool transaction_flight_may_be_half(FullTransactionId xid);

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
