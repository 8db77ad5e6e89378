/*-------------------------------------------------------------------------
 *
 * transaction_instant.h
 *	  What was committed at an instant
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_INSTANT_H
#define TEMPORAL_TRANSACTION_INSTANT_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

/*
 * A version [start, end) could be read at the instant if
 *
 *		start <= upper and start is not in flight, and
 *		end > upper or end is in flight
 *
 * and hence end > lower.
 */
typedef struct TransactionInstant
{
	TimestampTz upper;
	TimestampTz lower;
	int			nflight;		/* ticks of transactions in flight, */
	const TimestampTz *flight;	/* ascending */
} TransactionInstant;

/*
 * The instant t, with what the active snapshot sees of the transaction log.
 * Valid until the next call.  A t that is a tick of a transaction means the
 * moment it had been committed.
 */
extern const TransactionInstant *transaction_instant(TimestampTz t);

/*
 * The same if no transaction can change it any more, whatever the snapshot;
 * NULL otherwise.
 */
extern const TransactionInstant *transaction_instant_settled(TimestampTz t);

/* Is it a tick of a transaction that was in flight? */
extern bool transaction_instant_in_flight(const TransactionInstant *instant,
										  TimestampTz tick);

extern bool transaction_instant_shows(const TransactionInstant *instant,
									  TimestampTz start, TimestampTz end);

#endif							/* TEMPORAL_TRANSACTION_INSTANT_H */
