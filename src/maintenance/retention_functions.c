/*-------------------------------------------------------------------------
 *
 * retention_functions.c
 *	  Retention by function: now, or only what it would do
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "maintenance/maintenance_table.h"
#include "maintenance/retention_run.h"

PG_FUNCTION_INFO_V1(temporal_enforce_retention);
PG_FUNCTION_INFO_V1(temporal_retention_preview);

static Datum
retention_tuple(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

/*
 * temporal.enforce_retention(relation regclass)
 */
Datum
temporal_enforce_retention(PG_FUNCTION_ARGS)
{
	TimestampTz begun = GetCurrentTimestamp();
	VersionedTable table;
	PruneResult result;
	int64		archived;
	Datum		values[4];
	bool		nulls[4] = {0};

	maintenance_find_table(PG_GETARG_OID(0), "retention", &table);
	PreventCommandIfReadOnly("temporal.enforce_retention()");
	(void) retention_run_whole(&table, false, &result, &archived);
	values[0] = Int64GetDatum(result.versions);
	values[1] = Int64GetDatum(archived);
	values[2] = Int64GetDatum(result.bytes);
	values[3] = DirectFunctionCall2(timestamp_mi,
									TimestampGetDatum(GetCurrentTimestamp()),
									TimestampGetDatum(begun));
	return retention_tuple(fcinfo, values, nulls);
}

/*
 * temporal.retention_preview(relation regclass)
 */
Datum
temporal_retention_preview(PG_FUNCTION_ARGS)
{
	VersionedTable table;
	PruneResult result;
	int64		archived;
	TimestampTz horizon;
	Datum		values[5];
	bool		nulls[5] = {0};

	maintenance_find_table(PG_GETARG_OID(0), "retention", &table);
	horizon = retention_run_whole(&table, true, &result, &archived);
	values[0] = Int64GetDatum(result.versions);
	values[1] = Int64GetDatum(result.bytes);
	values[2] = TimestampTzGetDatum(result.first);
	values[3] = TimestampTzGetDatum(result.last);
	values[4] = TimestampTzGetDatum(horizon);
	nulls[2] = nulls[3] = result.versions == 0;
	return retention_tuple(fcinfo, values, nulls);
}
