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
 * claimed a job.  The total is what is left to do when a step begins, and the
 * versions by which one advances are shown at the next call of
 * job_progress_give_way() that looks at the clock.
 */
extern void job_progress_set_phase(const char *phase);
extern void job_progress_set_total(int64 total);
extern void job_progress_advance(int64 versions);

/* A step has ended, after so many versions. */
extern void job_progress_end_step(int64 versions);

/*
 * For loops of a step that may take long, to be called where no lock is held
 * that others would wait for.  A process that should not be in others' way
 * sleeps now and then, and gets 55P03 if somebody waits for the table it has
 * claimed and locked, to change it.  Where nothing is claimed nothing happens.
 */
extern void job_progress_give_way(void);

/* The same for steps that are short: only sleeps. */
extern void job_progress_pause(void);

/* Is this process to give way, and to pause? */
extern void job_progress_set_modest(bool modest);

/*
 * Copies what is claimed, of all databases; returns how many there are.
 * Palloc'd.
 */
extern int	job_progress_list(JobProgress **list);

#endif							/* TEMPORAL_JOB_PROGRESS_H */
