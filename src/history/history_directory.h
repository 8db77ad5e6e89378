/*-------------------------------------------------------------------------
 *
 * history_directory.h
 *	  What a session remembers of a history's runs and segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_DIRECTORY_H
#define TEMPORAL_HISTORY_DIRECTORY_H

#include "nodes/pg_list.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "catalog/segment_table.h"
#include "history/history_segments.h"

/*
 * The runs that a snapshot sees, in order and without quantiles, in the current
 * context.
 */
extern List *history_directory_runs(Relation history, Relation segments,
									Snapshot snapshot);

/*
 * Finds the rows of segments that may have versions with the key, an integer,
 * of runs with versions that begin at or before one time and end at or after
 * another.  Fills *tids, in the current context, and returns how many they are;
 * the snapshot sees them.  -1: the btree has to be asked.
 */
extern int	history_directory_find(Relation history, Relation segments,
								   const SegmentIndexes *indexes,
								   Snapshot snapshot, int64 key,
								   TimestampTz starts_before,
								   TimestampTz ends_after,
								   ItemPointerData **tids);

#endif							/* TEMPORAL_HISTORY_DIRECTORY_H */
