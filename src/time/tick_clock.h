/*-------------------------------------------------------------------------
 *
 * tick_clock.h
 *	  One strictly increasing clock for the whole server
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TICK_CLOCK_H
#define TEMPORAL_TICK_CLOCK_H

#include "datatype/timestamp.h"

extern void tick_clock_init(void);

/*
 * A tick: microseconds as in TimestampTz, later than every tick given before
 * to any session of this server, and close to the operating system's clock.
 */
extern TimestampTz tick_clock_next(void);

/* Makes every tick from now on later than t. */
extern void tick_clock_raise(TimestampTz t);

#endif							/* TEMPORAL_TICK_CLOCK_H */
