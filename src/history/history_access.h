/*-------------------------------------------------------------------------
 *
 * history_access.h
 *	  The table access method of histories that have segments
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_HISTORY_ACCESS_H
#define TEMPORAL_HISTORY_ACCESS_H

#include "nodes/parsenodes.h"

/*
 * Gives a history the access method, or takes it away: its pages stay as they
 * are.  The caller has an ACCESS EXCLUSIVE lock on it.
 */
extern void history_access_set(Oid history, bool has_segments);

/* Would the table that is created have it? */
extern bool history_access_is_meant(const CreateStmt *stmt);

#endif							/* TEMPORAL_HISTORY_ACCESS_H */
