/*-------------------------------------------------------------------------
 *
 * maintenance_run.h
 *	  Running jobs, step by step
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_MAINTENANCE_RUN_H
#define TEMPORAL_MAINTENANCE_RUN_H

#include "maintenance/maintenance_job.h"

/* Who runs jobs: a worker, or a session that called for it */
typedef struct JobRunner
{
	bool		worker;			/* nobody listens: errors go to the log */

	/* Commits the transaction, and begins another. */
	void		(*commit) (void);

	/* Between steps: is there a reason to leave off? */
	bool		(*stop) (void);

	/* Does it run jobs of this table? */
	bool		(*may_run) (Oid relation);
} JobRunner;

/* A job that there is */
typedef struct Job
{
	Oid			relation;
	JobKind		kind;
	TimestampTz due;
} Job;

typedef enum JobResult
{
	JOB_DONE,					/* for now */
	JOB_MORE,					/* its time was up, or the runner had to stop */
	JOB_NOT_RUN,				/* somebody else has it, or it is gone */
	JOB_ENDED_BADLY				/* and will be tried again */
} JobResult;

/*
 * The jobs that the runner may run, of Job, in the order in which they are
 * due, in the current memory context.  In a transaction.
 */
extern List *maintenance_list_jobs(const JobRunner *runner);

/*
 * Runs a job until nothing is left, its time is up or the runner stops.  Called
 * in a transaction with no active snapshot, and returns in another one.  Errors
 * of the job are recorded; what is thrown is a cancelled statement, unless the
 * runner is a worker, and what happens while they are recorded.
 */
extern JobResult maintenance_run_job(const JobRunner *runner, const Job *job);

/* Forgets jobs of tables that are gone.  In a transaction. */
extern void maintenance_tidy(void);

#endif							/* TEMPORAL_MAINTENANCE_RUN_H */
