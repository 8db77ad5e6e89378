/*-------------------------------------------------------------------------
 *
 * query_instant.c
 *	  The functions that AS OF becomes in a plan
 *
 * The instant travels through the plan as an array of times: upper, then the
 * ticks of the transactions in flight, ascending (transaction_instant.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "query/query.h"
#include "time/transaction_instant.h"

PG_FUNCTION_INFO_V1(temporal_instant);
PG_FUNCTION_INFO_V1(temporal_instant_lower);
PG_FUNCTION_INFO_V1(temporal_instant_upper);
PG_FUNCTION_INFO_V1(temporal_shows);
PG_FUNCTION_INFO_V1(temporal_shows_support);

Datum
query_instant_datum(const TransactionInstant *instant)
{
	int			n = instant->nflight + 1;
	Size		size = ARR_OVERHEAD_NONULLS(1) + n * sizeof(TimestampTz);
	ArrayType  *array = palloc0(size);
	TimestampTz *times;

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = TIMESTAMPTZOID;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	times = (TimestampTz *) ARR_DATA_PTR(array);
	times[0] = instant->upper;
	if (instant->nflight > 0)
		memcpy(times + 1, instant->flight,
			   instant->nflight * sizeof(TimestampTz));
	return PointerGetDatum(array);
}

/*
 * The instant that (time timestamptz, relation regclass) names
 */
static const TransactionInstant *
instant_of_arguments(FunctionCallInfo fcinfo)
{
	const VersionedRelation *versioned;
	TimestampTz t;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		query_refuse_null_time(0);
	versioned = versioned_cache_require(PG_GETARG_OID(1), 0);
	t = query_check_time(PG_GETARG_TIMESTAMPTZ(0), versioned, 0);
	return query_check_instant(t, transaction_instant(t), versioned, 0);
}

/*
 * temporal.instant(time timestamptz, relation regclass) RETURNS timestamptz[]
 * temporal.column_instant(), which is strict
 */
Datum
temporal_instant(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(query_instant_datum(instant_of_arguments(fcinfo)));
}

/*
 * temporal.instant_lower(time timestamptz, relation regclass)
 *		RETURNS timestamptz
 * temporal.column_lower(), which is strict
 */
Datum
temporal_instant_lower(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(instant_of_arguments(fcinfo)->lower);
}

/*
 * temporal.instant_upper(time timestamptz, relation regclass)
 *		RETURNS timestamptz
 * temporal.column_upper(), which is strict
 */
Datum
temporal_instant_upper(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(instant_of_arguments(fcinfo)->upper);
}

/*
 * temporal.shows(row_start timestamptz, row_end timestamptz,
 *				  instant timestamptz[]) RETURNS boolean
 */
Datum
temporal_shows(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(2);
	const TimestampTz *times = (const TimestampTz *) ARR_DATA_PTR(array);
	TransactionInstant instant;

	if (ARR_NDIM(array) != 1 || ARR_HASNULL(array) || ARR_DIMS(array)[0] < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an instant is an array of one or more times without nulls")));
	instant.upper = times[0];
	instant.nflight = ARR_DIMS(array)[0] - 1;
	instant.flight = times + 1;
	PG_RETURN_BOOL(transaction_instant_shows(&instant,
											 PG_GETARG_TIMESTAMPTZ(0),
											 PG_GETARG_TIMESTAMPTZ(1)));
}

/*
 * temporal.shows_support(internal) RETURNS internal
 */
Datum
temporal_shows_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSelectivity))
		PG_RETURN_POINTER(NULL);

	/* what the comparisons beside it let pass it hardly ever stops */
	((SupportRequestSelectivity *) request)->selectivity = 1.0;
	PG_RETURN_POINTER(request);
}
