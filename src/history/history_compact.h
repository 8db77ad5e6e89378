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
#include "history/history_survey.h"

typedef struct CompactOptions
{
	TimestampTz before;			/* versions that ended at or before this */
	int			level;			/* zstd's */
	int64		most;			/* about so many of them, the oldest, and no
								 * more than a slice should have; 0: all */
	SurveySteps *steps;			/* where such steps follow each other */
} CompactOptions;

typedef struct CompactResult
{
	int64		versions;		/* that were moved */
	int64		bytes_before;	/* what they took in the heap */
	int64		bytes_after;	/* and take in the segments */
	int			segments;		/* that were made */
	int			runs;
	bool		more;			/* versions were left for another step */
} CompactResult;

/*
 * Moves versions from the heap of a table's history to segments, in the current
 * transaction.  Takes ROW EXCLUSIVE on the history, and for the first segments
 * ever, at the end, ACCESS EXCLUSIVE: 55P03 if it does not get that.
 */
extern void history_compact(const VersionedTable *table,
							const CompactOptions *options,
							CompactResult *result);

/*
 * The opposite, for all segments, under the same locks.  With drop the history
 * becomes an ordinary table, which takes ACCESS EXCLUSIVE.
 */
extern void history_expand(const VersionedTable *table, bool drop,
						   CompactResult *result);

#endif							/* TEMPORAL_HISTORY_COMPACT_H */
