/*-------------------------------------------------------------------------
 *
 * maintenance_compress.c
 *	  Compressing a history, and the opposite, by function
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "catalog/audit_table.h"
#include "catalog/versioned_cache.h"
#include "catalog/versioned_table.h"
#include "history/history_compact.h"
#include "maintenance/maintenance_table.h"

PG_FUNCTION_INFO_V1(temporal_compress_history);
PG_FUNCTION_INFO_V1(temporal_decompress_history);

void
maintenance_find_table(Oid relid, const char *what, VersionedTable *table)
{
	settings_require_preload();
	LockRelationOid(relid, AccessShareLock);
	if (get_rel_name(relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	(void) versioned_cache_require(relid, 0);
	if (!versioned_table_find(versioned_partition_root(relid), table))
		elog(ERROR, "no row in versioned_table for relation %u", relid);
	if (!object_ownercheck(RelationRelationId, table->relation, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(get_rel_relkind(table->relation)),
					   get_rel_name(table->relation));
	if (session_time_is_set)
		session_time_refuse_write(what, get_rel_name(relid));
}

static void
maintenance_audit(const char *action, const VersionedTable *table,
				  const CompactResult *result)
{
	AuditEntry	entry = {
		.action = action,
		.relation = table->relation,
		.versions = result->versions,
		.first = DT_NOEND,
		.last = DT_NOBEGIN,
	};

	if (result->versions > 0)
		audit_append(&entry);
}

static Datum
maintenance_result(FunctionCallInfo fcinfo, const CompactResult *result)
{
	TupleDesc	desc;
	Datum		values[4];
	bool		nulls[4] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(result->versions);
	values[1] = Int32GetDatum(result->segments);
	values[2] = Int64GetDatum(result->bytes_before);
	values[3] = Int64GetDatum(result->bytes_after);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

/*
 * temporal.compress_history(relation regclass, before timestamptz)
 */
Datum
temporal_compress_history(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	VersionedTable table;
	CompactOptions options = {0};
	CompactResult result;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	maintenance_find_table(PG_GETARG_OID(0), "compression", &table);
	if (!table.compress)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("history of table \"%s\" is not to be compressed",
						get_rel_name(table.relation)),
				 errhint("ALTER TABLE ... SET (temporal.compression = zstd) changes that.")));
	if (!PG_ARGISNULL(1))
		options.before = Min(PG_GETARG_TIMESTAMPTZ(1), now);
	else
		options.before =
			DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
													TimestampTzGetDatum(now),
													IntervalPGetDatum(&table.compress_after)));
	PreventCommandIfReadOnly("temporal.compress_history()");
	options.level = table.compression_level;
	history_compact(&table, &options, &result);
	maintenance_audit("compress", &table, &result);
	return maintenance_result(fcinfo, &result);
}

/*
 * temporal.decompress_history(relation regclass)
 */
Datum
temporal_decompress_history(PG_FUNCTION_ARGS)
{
	VersionedTable table;
	CompactResult result;

	settings_require_preload();
	maintenance_find_table(PG_GETARG_OID(0), "compression", &table);
	PreventCommandIfReadOnly("temporal.decompress_history()");
	history_expand(&table, false, &result);
	maintenance_audit("decompress", &table, &result);
	return maintenance_result(fcinfo, &result);
}
