/*-------------------------------------------------------------------------
 *
 * job_progress.h
 *	  Which process is at which job, and how far
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_JOB_PROGRESS_H
#define TEMPORAL_JOB_PROGRESS_H

#include "datatype/timestamp.h"

#define JOB_PROGRESS_NAME	32	/* bytes of a kind or phase, with its end */

typedef struct JobProgress
{
	int			pid;			/* 0: none */
	Oid			database;
	Oid			relation;
	char		kind[JOB_PROGRESS_NAME];
	char		phase[JOB_PROGRESS_NAME];
	TimestampTz started;
	int64		steps;			/* that have ended */
	int64		versions;		/* that are done */
	int64		total;			/* -1: not known */
} JobProgress;

extern void job_progress_init(void);

/*
 * Claims a job of this database for this process, until it is released or the
 * process ends; false if another process has it.  One at a time.
 */
extern bool job_progress_claim(Oid relation, const char *kind);
extern void job_progress_release(void);

/* Does any process have the job of this database? */
extern bool job_progress_is_claimed(Oid relation, const char *kind);

/*
 * What temporal.progress shows of this process; nothing happens if it has not
 * claimed a job.  versions and total are of the step that is being taken; NULL
 * leaves the phase.
 */
extern void job_progress_report(const char *phase, int64 versions,
								int64 total);

/* A step has ended, after so many versions. */
extern void job_progress_end_step(int64 versions);

/*
 * For loops of a step that may take long: 55P03 if this process should not be
 * in others' way, and somebody waits for the table it has claimed and locked,
 * to change it.  Where nothing is claimed nothing happens.
 */
extern void job_progress_give_way(void);

/* Is this process to give way? */
extern void job_progress_set_modest(bool modest);

/*
 * Copies what is claimed, of all databases; returns how many there are.
 * Palloc'd.
 */
extern int	job_progress_list(JobProgress **list);

#endif							/* TEMPORAL_JOB_PROGRESS_H */
