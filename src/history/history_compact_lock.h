/*-------------------------------------------------------------------------
 *
 * history_compact_lock.h
 *	  Locks of compaction: the moment in which a history gets its first segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_COMPACT_LOCK_H
#define TEMPORAL_HISTORY_COMPACT_LOCK_H

#include "utils/relcache.h"

#include "catalog/segment_table.h"

/*
 * Locks the history for its compaction until the end of the transaction; has it
 * segments?
 */
extern bool history_compact_lock(Oid history, SegmentTable *segments);

/*
 * Takes the lock that readers of the history conflict with, until the end of
 * the transaction; 55P03 if it does not get it in some seconds.
 */
extern void history_compact_lock_first(Relation history);

#endif							/* TEMPORAL_HISTORY_COMPACT_LOCK_H */
