/*-------------------------------------------------------------------------
 *
 * review_instant.c
 *	  An instant as functions that generated queries can call
 *
 * Whoever reads AS OF one time and wants to know of each version whether it
 * can be read at another asks here; temporal.as_of_mode holds for both.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "review/review.h"
#include "time/time_range.h"
#include "time/transaction_instant.h"

/* The instant of the last call, kept for the execution */
typedef struct ReviewInstant
{
	bool		known;
	TimestampTz t;
	TransactionInstant instant;
} ReviewInstant;

PG_FUNCTION_INFO_V1(temporal_version_shows);
PG_FUNCTION_INFO_V1(temporal_instant_upper);
PG_FUNCTION_INFO_V1(temporal_instant_lower);
PG_FUNCTION_INFO_V1(temporal_given_time);

static const TransactionInstant *
instant_of(FunctionCallInfo fcinfo, TimestampTz t)
{
	ReviewInstant *kept = fcinfo->flinfo->fn_extra;
	TransactionInstant *instant;

	if (kept == NULL)
		kept = fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
								   sizeof(ReviewInstant));
	instant = &kept->instant;
	if (kept->known && kept->t == t)
		return instant;

	settings_require_preload();
	kept->known = false;
	if (instant->flight != NULL)
		pfree((void *) instant->flight);
	instant->flight = NULL;
	instant->nflight = 0;
	instant->upper = instant->lower = time_clause_instant(t);
	if (temporal_as_of_mode == AS_OF_MODE_COMMIT)
	{
		const TransactionInstant *found =
			transaction_instant(time_clause_instant(t));
		Size		size = found->nflight * sizeof(TimestampTz);
		TimestampTz *flight =
			MemoryContextAllocHuge(fcinfo->flinfo->fn_mcxt, Max(size, 1));

		memcpy(flight, found->flight, size);
		*instant = *found;
		instant->flight = flight;
	}
	kept->t = t;
	kept->known = true;
	return instant;
}

/*
 * temporal.version_shows(start timestamptz, end timestamptz, time timestamptz)
 * RETURNS boolean
 */
Datum
temporal_version_shows(PG_FUNCTION_ARGS)
{
	const TransactionInstant *instant = instant_of(fcinfo,
												   PG_GETARG_TIMESTAMPTZ(2));

	PG_RETURN_BOOL(transaction_instant_shows(instant,
											 PG_GETARG_TIMESTAMPTZ(0),
											 PG_GETARG_TIMESTAMPTZ(1)));
}

/*
 * temporal.instant_upper(time timestamptz) RETURNS timestamptz
 */
Datum
temporal_instant_upper(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(instant_of(fcinfo,
									 PG_GETARG_TIMESTAMPTZ(0))->upper);
}

/*
 * temporal.instant_lower(time timestamptz) RETURNS timestamptz
 */
Datum
temporal_instant_lower(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(instant_of(fcinfo,
									 PG_GETARG_TIMESTAMPTZ(0))->lower);
}

/*
 * temporal.given_time(time timestamptz, argument text) RETURNS timestamptz
 */
Datum
temporal_given_time(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		review_refuse_null(PG_ARGISNULL(1) ? "time" :
						   text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
