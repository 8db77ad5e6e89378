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
 * The predicates of FOR SYSTEM_TIME (SQL:2011 part 2, 7.6 <table reference>;
 * CONTAINED IN as SQL Server has it).
 */
static inline bool
time_range_as_of(TimestampTz start, TimestampTz end, TimestampTz t)
{
	return start <= t && end > t;
}

static inline bool
time_range_from_to(TimestampTz start, TimestampTz end,
				   TimestampTz from, TimestampTz to)
{
	return from < to && start < to && end > from;
}

static inline bool
time_range_between(TimestampTz start, TimestampTz end,
				   TimestampTz from, TimestampTz to)
{
	return from <= to && start <= to && end > from;
}

static inline bool
time_range_contained_in(TimestampTz start, TimestampTz end,
						TimestampTz from, TimestampTz to)
{
	return start >= from && end <= to;
}

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
