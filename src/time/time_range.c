/*-------------------------------------------------------------------------
 *
 * time_range.c
 *	  Decisions about periods [start, end), free of tables and clocks
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "time/time_range.h"

int
time_first_after(const TimestampTz *times, int n, TimestampTz t)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (times[middle] > t)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

TimestampTz
time_clause_instant(TimestampTz t)
{
	return TIMESTAMP_IS_NOEND(t) ? END_TIMESTAMP - 1 : t;
}
