/*-------------------------------------------------------------------------
 *
 * maintenance_job.h
 *	  The kinds of maintenance, and a job: one kind for one table
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_MAINTENANCE_JOB_H
#define TEMPORAL_MAINTENANCE_JOB_H

#include "catalog/versioned_table.h"

typedef enum JobKind
{
	JOB_COMPRESS,
	JOB_RETAIN,
} JobKind;

#define JOB_KINDS	(JOB_RETAIN + 1)

/* What a step did */
typedef struct JobOutcome
{
	int64		versions;		/* that were moved or removed */
	int64		bytes;			/* that this freed */
	bool		more;			/* there is more to do now */
	char	   *detail;			/* words for the log and temporal.job_runs; NULL:
								 * none */
	int64		segments;		/* that were made or removed */
} JobOutcome;

/*
 * One short transaction's work, about budget_ms long.  The caller begins and
 * commits it, and has an active snapshot, ACCESS SHARE on the table and the
 * rights of its owner; the outcome comes zeroed.  Errors are caught, recorded,
 * and tried again later.  Interrupts are looked at often: a DROP DATABASE
 * waits for it.
 */
typedef void (*JobStep) (const VersionedTable *table, int budget_ms,
						 JobOutcome *outcome);

/* A kind of maintenance; the table of them is in maintenance_job.c. */
typedef struct JobMethod
{
	const char *name;			/* compress; in temporal.jobs */
	const char *done;			/* compressed; in the log */
	const char *doing;			/* compressing; in pg_stat_activity */

	/* Is there such a job for the table? */
	bool		(*wanted) (const VersionedTable *table);

	/* Milliseconds from the end of a run that left nothing to the next one */
	int64		(*interval) (const VersionedTable *table);

	JobStep		step;			/* NULL: there is no such maintenance yet */
} JobMethod;

extern const JobMethod *job_method(JobKind kind);

#endif							/* TEMPORAL_MAINTENANCE_JOB_H */
