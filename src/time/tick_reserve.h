/*-------------------------------------------------------------------------
 *
 * tick_reserve.h
 *	  Ticks that stay in order over restarts, crashes and promotions
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TICK_RESERVE_H
#define TEMPORAL_TICK_RESERVE_H

#include "datatype/timestamp.h"

extern void tick_reserve_init(void);

/*
 * A tick that is later than every tick this database ever saw, also before a
 * restart.  Needs a transaction that may write.
 */
extern TimestampTz tick_reserve_next(void);

/*
 * A time that no tick given in this database before the server started can
 * have reached.  Works in read-only transactions, not during recovery.
 */
extern TimestampTz tick_reserve_start(void);

#endif							/* TEMPORAL_TICK_RESERVE_H */
