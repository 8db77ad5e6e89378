/*-------------------------------------------------------------------------
 *
 * retention_run.h
 *	  Removing what a retention policy lets go
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_RETENTION_RUN_H
#define TEMPORAL_RETENTION_RUN_H

#include "history/history_prune.h"
#include "maintenance/maintenance_job.h"

/*
 * The step of JOB_RETAIN: a batch, of a run that goes on from one to the next.
 * The first one of a run removes nothing but says in the catalog how far back
 * the history is going to reach, so that this is known to others before
 * anything is gone.
 */
extern void retention_step(const VersionedTable *table, int budget_ms,
						   JobOutcome *outcome);

/* Does the table have a policy, and how many milliseconds are between runs? */
extern bool retention_wanted(const VersionedTable *table);
extern int64 retention_interval(const VersionedTable *table);

/*
 * All of it, in the current transaction; dry: only says what would go.
 * Returns from when on AS OF is answered then.
 */
extern TimestampTz retention_run_whole(const VersionedTable *table, bool dry,
									   PruneResult *result,
									   int64 *archived);

#endif							/* TEMPORAL_RETENTION_RUN_H */
