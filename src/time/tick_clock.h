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

/* The last tick given; what was given since it was read is later. */
extern TimestampTz tick_clock_last(void);

/*
 * The time of day, which every tick from now on is later than while the server
 * runs.  It is no tick: it may be the same as one given before.
 */
extern TimestampTz tick_clock_pass(void);

/* Makes every tick from now on later than t. */
extern void tick_clock_raise(TimestampTz t);

#endif							/* TEMPORAL_TICK_CLOCK_H */
