/*-------------------------------------------------------------------------
 *
 * time_range.h
 *	  Decisions about periods [start, end), free of tables and clocks
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TIME_RANGE_H
#define TEMPORAL_TIME_RANGE_H

#include "datatype/timestamp.h"

/*
 * The place of the first of n ascending times that is later than t; n if none.
 */
extern int	time_first_after(const TimestampTz *times, int n, TimestampTz t);

/*
 * The instant an AS OF clause means: infinity is the last instant there is,
 * so that it shows the current rows, whose end is infinity.
 */
extern TimestampTz time_clause_instant(TimestampTz t);

#endif							/* TEMPORAL_TIME_RANGE_H */
