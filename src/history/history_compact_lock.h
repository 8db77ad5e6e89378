/*-------------------------------------------------------------------------
 *
 * history_compact_lock.h
 *	  The moment in which a history gets its first segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_COMPACT_LOCK_H
#define TEMPORAL_HISTORY_COMPACT_LOCK_H

#include "utils/relcache.h"

/*
 * Takes the lock that readers of the history conflict with, until the end of
 * the transaction; 55P03 if it does not get it in some seconds.
 */
extern void history_compact_lock_first(Relation history);

#endif							/* TEMPORAL_HISTORY_COMPACT_LOCK_H */
