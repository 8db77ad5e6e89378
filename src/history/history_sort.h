/*-------------------------------------------------------------------------
 *
 * history_sort.h
 *	  Sorting times and places of versions
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_SORT_H
#define TEMPORAL_HISTORY_SORT_H

#include "datatype/timestamp.h"
#include "storage/itemptr.h"

/* Both ascending, and to be cancelled */
extern void history_sort_times(TimestampTz *times, size_t n);
extern void history_sort_tids(ItemPointerData *tids, size_t n);

/* What *random of the next one begins with */
#define HISTORY_SAMPLE_SEED		UINT64CONST(0x9E3779B97F4A7C15)

/*
 * Offers a time to a sample of at most so many, in which each of those offered
 * has the same chance to be; seen of them were before it.
 */
static inline void
history_sample_add(TimestampTz *sample, int64 size, int64 seen, uint64 *random,
				   TimestampTz time)
{
	uint64		place = seen;

	if (seen >= size)
	{
		/* xorshift: any will do */
		*random ^= *random << 13;
		*random ^= *random >> 7;
		*random ^= *random << 17;
		place = *random % (seen + 1);
	}
	if (place < (uint64) size)
		sample[place] = time;
}

#endif							/* TEMPORAL_HISTORY_SORT_H */
