/*-------------------------------------------------------------------------
 *
 * transaction_time.h
 *	  The system time of the current transaction
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_TIME_H
#define TEMPORAL_TRANSACTION_TIME_H

#include "datatype/timestamp.h"

extern void transaction_time_init(void);

/* Has the transaction taken its system time? */
extern bool transaction_time_is_set(void);

/* Its own ticks, ascending, S first; n is 0 if there are none. */
extern const TimestampTz *transaction_time_ticks(int *n);

/* S, the system time; taken now if this is the first use. */
extern TimestampTz transaction_time_system(void);

/* The time at which a version written now starts: S, or the newest tick. */
extern TimestampTz transaction_time_row_start(void);

/* Did this transaction write the version that starts at start? */
extern bool transaction_time_is_own(TimestampTz start);

/*
 * The time at which a version of another transaction, started at start, ends
 * when this transaction replaces it: S, or if start is later, the first tick
 * of this transaction after it, taken now if there is none.
 */
extern TimestampTz transaction_time_boundary(TimestampTz start);

/* A tick of this transaction taken now, for what begins with a statement. */
extern TimestampTz transaction_time_fresh(void);

#endif							/* TEMPORAL_TRANSACTION_TIME_H */
