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
#include "catalog/retention_policy.h"
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
 * temporal.function(time, table)
 */
static char *
instant_call(const char *function, const char *time, const ReviewTable *table)
{
	return psprintf("temporal.%s(%s, '%u'::pg_catalog.regclass)", function,
					time, table->relid);
}

char *
review_instants(const ReviewTable *table, const ReviewParameters *parameters)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, parameters->instants)
	{
		const char *time = lfirst(lc);
		int			i = foreach_current_index(lc);

		appendStringInfo(&text, "%s %s AS u%d, %s AS l%d, %s AS f%d",
						 i > 0 ? "," : "",
						 instant_call("instant_upper", time, table), i,
						 instant_call("instant_lower", time, table), i,
						 instant_call("instant", time, table), i);
	}
	return text.data;
}

/*
 * The instant of a time that is known when the query runs, once an execution
 */
static ReviewInstant
instant_later(const ReviewTable *table, const ReviewTime *time)
{
	ReviewParameters *parameters = time->parameters;
	ReviewInstant result = {0};
	ListCell   *lc;
	int			place = 0;

	if (!parameters->with_instants)
	{
		result.upper = psprintf("(SELECT %s)",
								instant_call("instant_upper", time->text, table));
		result.lower = psprintf("(SELECT %s)",
								instant_call("instant_lower", time->text, table));
		result.flight = psprintf("(SELECT %s)",
								 instant_call("instant", time->text, table));
		return result;
	}

	foreach(lc, parameters->instants)
	{
		if (strcmp(lfirst(lc), time->text) == 0)
			break;
		place++;
	}
	if (place == list_length(parameters->instants))
		parameters->instants = lappend(parameters->instants,
									   pstrdup(time->text));
	result.upper = psprintf("(SELECT u%d FROM instant)", place);
	result.lower = psprintf("(SELECT l%d FROM instant)", place);
	result.flight = psprintf("(SELECT f%d FROM instant)", place);
	return result;
}

ReviewInstant
review_instant(const ReviewTable *table, const ReviewTime *time)
{
	ReviewInstant result = {0};
	const TransactionInstant *settled;
	RetentionPolicy policy;
	TimestampTz t;

	if (temporal_as_of_mode == AS_OF_MODE_PERIOD)
	{
		result.upper = psprintf("(SELECT %s)",
								instant_call("clause_time", time->text, table));
		result.lower = result.upper;
	}

	/*
	 * One before the history is refused as the query runs, and where versions
	 * are removed, that may have changed by then.
	 */
	if (!time->known || time->value < table->versioned->history_start ||
		(retention_policy_find(table->versioned->root, &policy) &&
		 retention_policy_limits(&policy)))
		return result.upper != NULL ? result : instant_later(table, time);

	t = time_clause_instant(time->value);
	if (temporal_as_of_mode == AS_OF_MODE_PERIOD)
	{
		result.upper = result.lower = instant_time(time->parameters, t);
		return result;
	}
	settled = transaction_instant_settled(t);
	if (settled == NULL)
		return instant_later(table, time);
	if (settled->nflight > 0)
		result.flight = review_parameter(time->parameters, TIMESTAMPTZARRAYOID,
										 instant_array(settled));
	result.upper = instant_time(time->parameters, settled->upper);
	result.lower = instant_time(time->parameters, settled->lower);
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
