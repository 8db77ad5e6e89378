/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The extension's settings (GUCs), and whether it was preloaded
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SETTINGS_H
#define TEMPORAL_SETTINGS_H

/* temporal.syntax: the SQL:2011 front end is wanted (postmaster, on) */
extern bool temporal_syntax;

/* temporal.allow_period_writes: imports may set periods (superuser, off) */
extern bool temporal_allow_period_writes;

/* temporal.allow_truncated_history: WARNING instead of 22023 (user, off) */
extern bool temporal_allow_truncated_history;

/* temporal.as_of_mode: what AS OF shows (user, commit) */
typedef enum AsOfMode
{
	AS_OF_MODE_COMMIT,			/* what was committed, as a reader saw it */
	AS_OF_MODE_PERIOD			/* start <= t and end > t */
} AsOfMode;

extern int	temporal_as_of_mode;

/* temporal.log_queries: one DEBUG1 line per execution of a clause (superuser) */
extern bool temporal_log_queries;

/* temporal.maintenance: workers care for this database (superuser, on) */
extern bool temporal_maintenance;

/* temporal.archive_directories: see archive_directory.c (superuser, none) */
extern char *temporal_archive_directories;

/*
 * temporal.max_workers: maintenance workers at a time, 0: none (sighup, 2);
 * temporal.naptime: seconds between looks at a database (sighup, 60);
 * temporal.retention_batch_time: milliseconds that a transaction of
 * maintenance should take (sighup, 100);
 * temporal.worker_share: percentage of the time in which a worker works
 * (sighup, 25)
 */
extern int	temporal_max_workers;
extern int	temporal_naptime;
extern int	temporal_retention_batch_time;
extern int	temporal_worker_share;

#define TEMPORAL_MAX_WORKERS	64	/* the most that max_workers can be */

/*
 * True when the library came in through shared_preload_libraries, so that its
 * hooks and shared memory exist in every process of this server.
 */
extern bool temporal_preloaded;

extern void settings_init(void);

/*
 * temporal.context (user), JSON for the transaction log: false if it is empty.
 * What was set outside of a transaction may be no jsonb: that is empty as well,
 * with a WARNING the first time.
 */
extern bool settings_get_context(Datum *context);

/*
 * Raises 55000 with the HINT to preload the library unless it was preloaded.
 * Every entry point that a trigger, a DEFAULT or a clause can reach calls it,
 * so that without the preload a write fails instead of losing history.
 */
extern void settings_require_preload(void);

#endif							/* TEMPORAL_SETTINGS_H */
