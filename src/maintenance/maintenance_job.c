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
 * Versions of a step: some seconds' work at most.  A step has the versions of a
 * slice if those are fewer: with less of them, a slice would have to be made
 * several times, with more, the step would only be longer.
 */
#define COMPRESS_STEP		1000000

/* What is known of the history that is being compressed */
static SurveySteps compress_steps;

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
		.level = table->compression_level,
		.most = COMPRESS_STEP,
		.steps = &compress_steps,
	};
	CompactResult result;

	history_compact(table, &options, &result);
	if (!result.more)
		history_survey_forget(&compress_steps);
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
