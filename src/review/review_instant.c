/*-------------------------------------------------------------------------
 *
 * review_instant.c
 *	  Instants in generated queries, and the transactions of ticks
 *
 * AS OF shows the versions whose start had been committed at the instant and
 * whose end had not (transaction_instant.c).  Who reads at one time and wants
 * to know of each version whether it can be read at another says so with the
 * same means as AS OF itself (query_quals.c): comparisons, and
 * temporal.shows() where transactions were in flight.  An instant that is
 * known and settled as the query is made becomes constants.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/settings.h"
#include "review/review.h"
#include "time/time_range.h"
#include "time/transaction_instant.h"
#include "time/transaction_tick.h"

PG_FUNCTION_INFO_V1(temporal_tick_committed_at);
PG_FUNCTION_INFO_V1(temporal_tick_xid);
PG_FUNCTION_INFO_V1(temporal_tick_siblings);
PG_FUNCTION_INFO_V1(temporal_given_time);

const char *
review_parameter(ReviewParameters *parameters, Oid type, Datum value)
{
	if (parameters->n == REVIEW_MAX_PARAMETERS)
		elog(ERROR, "too many parameters of a generated query");
	parameters->types[parameters->n] = type;
	parameters->values[parameters->n] = value;
	return psprintf("$%d", ++parameters->n);
}

static const char *
instant_time(ReviewParameters *parameters, TimestampTz t)
{
	return review_parameter(parameters, TIMESTAMPTZOID,
							TimestampTzGetDatum(t));
}

/*
 * The instant as temporal.shows() takes it: upper, then the ticks in flight
 */
static Datum
instant_array(const TransactionInstant *instant)
{
	int			n = instant->nflight + 1;
	Datum	   *times = palloc(n * sizeof(Datum));

	times[0] = TimestampTzGetDatum(instant->upper);
	for (int i = 1; i < n; i++)
		times[i] = TimestampTzGetDatum(instant->flight[i - 1]);
	return PointerGetDatum(construct_array(times, n, TIMESTAMPTZOID,
										   sizeof(TimestampTz), true,
										   TYPALIGN_DOUBLE));
}

/*
 * (SELECT temporal.function(time, table)): once an execution
 */
static const char *
instant_call(const char *function, const char *time, const ReviewTable *table)
{
	return psprintf("(SELECT temporal.%s(%s, '%u'::pg_catalog.regclass))",
					function, time, table->relid);
}

ReviewInstant
review_instant(const ReviewTable *table, const ReviewTime *time)
{
	ReviewInstant result = {0};
	const TransactionInstant *settled;
	TimestampTz t;

	/* one before the history is refused as the query runs */
	if (time->known && time->value >= table->versioned->history_start)
	{
		t = time_clause_instant(time->value);
		if (temporal_as_of_mode == AS_OF_MODE_PERIOD)
		{
			result.upper = result.lower = instant_time(time->parameters, t);
			return result;
		}
		settled = transaction_instant_settled(t);
		if (settled != NULL)
		{
			if (settled->nflight > 0)
				result.flight = review_parameter(time->parameters,
												 TIMESTAMPTZARRAYOID,
												 instant_array(settled));
			result.upper = instant_time(time->parameters, settled->upper);
			result.lower = instant_time(time->parameters, settled->lower);
			return result;
		}
	}
	if (temporal_as_of_mode == AS_OF_MODE_PERIOD)
		result.upper = result.lower = instant_call("clause_time", time->text,
												   table);
	else
	{
		result.upper = instant_call("instant_upper", time->text, table);
		result.lower = instant_call("instant_lower", time->text, table);
		result.flight = instant_call("instant", time->text, table);
	}
	return result;
}

const char *
review_committed(const ReviewInstant *instant, const char *tick)
{
	if (instant->flight == NULL)
		return psprintf("%s " LE " %s", tick, instant->upper);

	/* as the start of a version that does not end */
	return psprintf("(%s " LE " %s AND temporal.shows(%s, 'infinity', %s))",
					tick, instant->upper, tick, instant->flight);
}

const char *
review_uncommitted(const ReviewInstant *instant, const char *tick)
{
	if (instant->flight == NULL)
		return psprintf("%s " GT " %s", tick, instant->upper);

	/* as the end of a version that has always been there */
	return psprintf("(%s " GT " %s AND temporal.shows('-infinity', %s, %s))",
					tick, instant->lower, tick, instant->flight);
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
