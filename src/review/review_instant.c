/*-------------------------------------------------------------------------
 *
 * review_instant.c
 *	  An instant as functions that generated queries can call
 *
 * Whoever reads AS OF one time and wants to know of each version whether it
 * can be read at another asks here; temporal.as_of_mode holds for both.  So
 * does who wants to know which transaction a tick belongs to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/settings.h"
#include "review/review.h"
#include "time/time_range.h"
#include "time/transaction_instant.h"
#include "time/transaction_tick.h"

/* The instant of the last call, kept for the execution */
typedef struct ReviewInstant
{
	bool		known;
	TimestampTz t;
	TransactionInstant instant;
} ReviewInstant;

PG_FUNCTION_INFO_V1(temporal_committed_by);
PG_FUNCTION_INFO_V1(temporal_tick_committed_at);
PG_FUNCTION_INFO_V1(temporal_tick_xid);
PG_FUNCTION_INFO_V1(temporal_tick_siblings);
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
 * temporal.committed_by(tick timestamptz, time timestamptz) RETURNS boolean
 */
Datum
temporal_committed_by(PG_FUNCTION_ARGS)
{
	const TransactionInstant *instant = instant_of(fcinfo,
												   PG_GETARG_TIMESTAMPTZ(1));

	/* as the start of a version that never ends */
	PG_RETURN_BOOL(transaction_instant_shows(instant,
											 PG_GETARG_TIMESTAMPTZ(0),
											 DT_NOEND));
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
 * temporal.tick_committed_at(tick timestamptz) RETURNS timestamptz
 */
Datum
temporal_tick_committed_at(PG_FUNCTION_ARGS)
{
	const TransactionOfTick *found =
		transaction_of_tick(PG_GETARG_TIMESTAMPTZ(0));

	PG_RETURN_TIMESTAMPTZ(found ? found->committed_at :
						  PG_GETARG_TIMESTAMPTZ(0));
}

/*
 * temporal.tick_xid(tick timestamptz) RETURNS xid8
 */
Datum
temporal_tick_xid(PG_FUNCTION_ARGS)
{
	const TransactionOfTick *found =
		transaction_of_tick(PG_GETARG_TIMESTAMPTZ(0));

	if (found == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FULLTRANSACTIONID(FullTransactionIdFromU64((uint64) found->xid));
}

/*
 * temporal.tick_siblings(tick timestamptz) RETURNS timestamptz[]
 */
Datum
temporal_tick_siblings(PG_FUNCTION_ARGS)
{
	int			nticks;
	TimestampTz *ticks =
		transaction_tick_siblings(PG_GETARG_TIMESTAMPTZ(0), &nticks);

	if (ticks == NULL)
		PG_RETURN_NULL();
	StaticAssertStmt(sizeof(Datum) == sizeof(TimestampTz),
					 "times are passed by value");
	PG_RETURN_ARRAYTYPE_P(construct_array((Datum *) ticks, nticks,
										  TIMESTAMPTZOID, sizeof(TimestampTz),
										  true, TYPALIGN_DOUBLE));
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
