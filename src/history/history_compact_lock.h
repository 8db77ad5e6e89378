/*-------------------------------------------------------------------------
 *
 * history_compact_lock.h
 *	  Who is in the way of compaction: the moment of a history's first segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_COMPACT_LOCK_H
#define TEMPORAL_HISTORY_COMPACT_LOCK_H

#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "base/compat.h"
#include "catalog/segment_table.h"

/*
 * Locks the history for its compaction until the end of the transaction; has it
 * segments?
 */
extern bool history_compact_lock(Oid history, SegmentTable *segments);

/*
 * The runs of a history that are to be changed must be those that the snapshot
 * sees, which is older than they may be in REPEATABLE READ: else 40001.  Of one
 * that it does not see, it has the versions at another place.
 */
extern void history_compact_check_runs(Relation history, const List *runs,
									   Snapshot snapshot);

/* 40001: others moved or removed what our snapshot has at another place. */
pg_noreturn extern void history_compact_refuse(Relation history);

/*
 * Takes the lock that readers of the history conflict with, until the end of
 * the transaction; 55P03 if it does not get it in some seconds.
 */
extern void history_compact_lock_first(Relation history);

#endif							/* TEMPORAL_HISTORY_COMPACT_LOCK_H */
