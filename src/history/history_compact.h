/*-------------------------------------------------------------------------
 *
 * history_compact.h
 *	  Moving versions between a history's heap and its segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_COMPACT_H
#define TEMPORAL_HISTORY_COMPACT_H

#include "catalog/versioned_table.h"

typedef struct CompactResult
{
	int64		versions;		/* that were moved */
	int64		bytes_before;	/* what they took in the heap */
	int64		bytes_after;	/* and take in the segments */
	int			segments;		/* that were made */
	int			runs;
} CompactResult;

/*
 * Moves versions that ended at or before the time from the heap of a table's
 * history to segments, in the current transaction; level is zstd's.  Takes
 * ROW EXCLUSIVE on the history, and for the first segments ever, at the end,
 * ACCESS EXCLUSIVE if that can be had without waiting long: 55P03 if not.
 */
extern void history_compact(const VersionedTable *table, TimestampTz before,
							int level, CompactResult *result);

/*
 * The opposite, for all segments: the history is a heap again.  ACCESS
 * EXCLUSIVE on the history.
 */
extern void history_expand(const VersionedTable *table,
						   CompactResult *result);

#endif							/* TEMPORAL_HISTORY_COMPACT_H */
