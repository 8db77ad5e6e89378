/*-------------------------------------------------------------------------
 *
 * job_table.h
 *	  Rows of temporal.job and temporal.job_run
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_JOB_TABLE_H
#define TEMPORAL_JOB_TABLE_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef enum JobState
{
	JOB_IDLE,					/* ended well, and waits */
	JOB_RUNNING,				/* or was, when its process went away */
	JOB_FAILED,					/* ended with an error */
	JOB_POSTPONED				/* others were in the way */
} JobState;

/* How a job stands.  A time that there is none of is DT_NOBEGIN. */
typedef struct JobRow
{
	Oid			relation;
	const char *kind;
	JobState	state;
	TimestampTz last_start;
	TimestampTz last_end;
	TimestampTz next_run;
	int32		failures;		/* since it last ended well */
	char	   *last_error;		/* or NULL */
} JobRow;

/* One run of it */
typedef struct JobRunRow
{
	Oid			relation;
	const char *kind;
	Oid			role;			/* who called for it; InvalidOid: a worker */
	TimestampTz started;
	TimestampTz ended;
	int32		steps;
	int64		versions;
	int64		bytes;
	char	   *detail;			/* or NULL */
	char	   *error;			/* or NULL */
} JobRunRow;

/* Are the tables there?  Not without the extension, nor in an older one. */
extern bool job_table_exists(void);

/* False, and a row that says so, if the job has never run. */
extern bool job_table_get(Oid relation, const char *kind, JobRow *row);

/*
 * Writes, and makes them visible to the rest of the transaction.  One process
 * at a time for a job: see job_progress.h.  They do nothing where the tables
 * are missing.
 */
extern void job_table_put(const JobRow *row);

/* Records a run, and forgets the oldest ones but for so many. */
extern void job_run_insert(const JobRunRow *run, int keep);

/*
 * Forgets jobs and runs of tables that are not in the list, unless somebody
 * else is doing that.
 */
extern void job_table_keep_only(const List *relations);

#endif							/* TEMPORAL_JOB_TABLE_H */
