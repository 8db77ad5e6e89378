/*-------------------------------------------------------------------------
 *
 * maintenance_job.c
 *	  The kinds of maintenance
 *
 * A kind says for which tables it is wanted, how often, and what one step of
 * it is.  Steps, and not whole runs, because a step is a transaction: between
 * two of them locks are given back and what was done is safe.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "history/history_compact.h"
#include "maintenance/maintenance_job.h"
#include "maintenance/retention_run.h"

/* Versions are looked for this many times while they come of age, */
#define COMPRESS_LOOKS		24
/* but not more often than, and at least once every (milliseconds) */
#define COMPRESS_LEAST		INT64CONST(1000)
#define COMPRESS_MOST		(60 * 60 * INT64CONST(1000))

/*
 * Versions of a step: some seconds' work.  Each step looks at the whole heap for
 * the oldest, and slices should not be thin, so it is no less.
 */
#define COMPRESS_STEP		1000000

static bool
compress_wanted(const VersionedTable *table)
{
	return OidIsValid(table->history) && table->compress;
}

/*
 * The time that was compress_after before the given one
 */
static TimestampTz
compress_before(const VersionedTable *table, TimestampTz now)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
												   TimestampTzGetDatum(now),
												   IntervalPGetDatum(&table->compress_after)));
}

static int64
compress_interval(const VersionedTable *table)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		age = (now - compress_before(table, now)) / 1000;

	return Min(Max(age / COMPRESS_LOOKS, COMPRESS_LEAST), COMPRESS_MOST);
}

static void
compress_step(const VersionedTable *table, int budget_ms, JobOutcome *outcome)
{
	CompactOptions options = {
		.before = compress_before(table, GetCurrentTimestamp()),
		.most = COMPRESS_STEP,
		.level = table->compression_level,
	};
	CompactResult result;

	history_compact(table, &options, &result);
	outcome->more = result.more;
	outcome->versions = result.versions;
	outcome->bytes = result.bytes_before - result.bytes_after;
	outcome->segments = result.segments;
}

static const JobMethod job_methods[JOB_KINDS] = {
	[JOB_COMPRESS] = {
		.name = "compress",
		.done = "compressed",
		.doing = "compressing",
		.wanted = compress_wanted,
		.interval = compress_interval,
		.step = compress_step,
	},
	[JOB_RETAIN] = {
		.name = "retain",
		.done = "removed",
		.doing = "removing",
		.wanted = retention_wanted,
		.interval = retention_interval,
		.step = retention_step,
	},
};

const JobMethod *
job_method(JobKind kind)
{
	return &job_methods[kind];
}
