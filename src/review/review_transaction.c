/*-------------------------------------------------------------------------
 *
 * review_transaction.c
 *	  temporal.transaction_changes: what one transaction did, in all tables
 *
 * The log says which ticks the transaction has; a version whose end or start
 * is one of them is its work.  Every versioned table that the caller may read
 * is asked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/settings.h"
#include "review/review_rows.h"
#include "review/review_transaction.h"

PG_FUNCTION_INFO_V1(temporal_transaction_changes);

ReviewTransaction *
review_transaction_find(int64 xid)
{
	ReviewTransaction *result;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext old;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(xid);
	HeapTuple	tuple;
	TupleDesc	desc;
	bool		isnull;

	SPI_connect();
	if (SPI_execute_with_args("SELECT l.committed_at, l.role,"
							  " pg_catalog.array_prepend(l.system_time, l.ticks)"
							  " FROM temporal.transaction_log AS l"
							  " WHERE l.xid " EQ " $1"
							  " ORDER BY l.committed_at DESC", 1, &type, &value,
							  NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the log of transactions");

	/* who knows why it is not known says so */
	if (SPI_processed == 0)
	{
		(void) SPI_execute_with_args("SELECT temporal.time_of_transaction($1)",
									 1, &type, &value, NULL, true, 1);
		elog(ERROR, "transaction " INT64_FORMAT " is not known", xid);
	}
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;

	old = MemoryContextSwitchTo(caller);
	result = palloc0(sizeof(ReviewTransaction));
	result->xid = xid;
	result->committed_at =
		DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &isnull));
	result->role = datumCopy(SPI_getbinval(tuple, desc, 2, &isnull), false, -1);
	result->ticks = datumCopy(SPI_getbinval(tuple, desc, 3, &isnull), false, -1);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return result;
}

/*
 * May the user read every column of the table?
 */
static bool
transaction_may_read(Oid relid)
{
	Oid			user = GetUserId();

	return object_aclcheck(NamespaceRelationId, get_rel_namespace(relid), user,
						   ACL_USAGE) == ACLCHECK_OK &&
		(pg_class_aclcheck(relid, user, ACL_SELECT) == ACLCHECK_OK ||
		 pg_attribute_aclcheck_all(relid, user, ACL_SELECT, ACLMASK_ALL) ==
		 ACLCHECK_OK);
}

List *
review_transaction_tables(void)
{
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, versioned_table_list())
	{
		Oid			relid = lfirst_oid(lc);
		Relation	rel;
		const VersionedRelation *versioned;

		/* it may be gone by now */
		rel = try_relation_open(relid, AccessShareLock);
		if (rel == NULL)
			continue;
		versioned = versioned_cache_get_open(rel);
		relation_close(rel, NoLock);
		if (versioned != NULL && OidIsValid(versioned->history) &&
			transaction_may_read(relid))
			tables = lappend(tables, review_table_open(relid));
		else
			UnlockRelationOid(relid, AccessShareLock);
	}
	return tables;
}

void
review_transaction_versions(StringInfo text, const ReviewTable *table,
							bool ended)
{
	const char *tick = ended ? table->end : table->start;

	appendStringInfo(text, "SELECT 1 AS present, v.%s AS start", table->start);
	review_text_columns(text, table, "v", ended ? "o" : "n");
	appendStringInfo(text, " FROM %s AS v TABLESAMPLE temporal.all_versions(true)"
					 " WHERE v.%s " EQ " ANY ($1) AND v.%s " GE " $2 AND v.%s " LE " $3",
					 table->name, tick, tick, tick);

	/* for the indexes of history, and to leave current rows out */
	if (ended)
		appendStringInfo(text, " AND v.%s " LT " 'infinity'", tick);
	else
		appendStringInfo(text, " AND v.%s " GT " $2", table->end);
}

/*
 * SELECT all columns of temporal.transaction_changes() for a table; without a
 * primary key, versions that ended and versions that started are told one by
 * one.
 */
static char *
transaction_query(const ReviewTable *table)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "SELECT %u::pg_catalog.regclass, %s, $4,"
					 " $5::pg_catalog.text::pg_catalog.xid8, $6,"
					 " (CASE WHEN d.ended IS NULL THEN 'I' WHEN d.started IS NULL"
					 " THEN 'D' ELSE 'U' END)::pg_catalog.\"char\", ",
					 table->relid, review_text_scn("$4"));
	if (table->nkeys > 0)
		review_text_key_object(&text, table, "d.o", "d.n");
	else
		appendStringInfoString(&text, "NULL::pg_catalog.jsonb");
	appendStringInfoString(&text,
						   ", CASE WHEN d.ended IS NOT NULL THEN pg_catalog.to_jsonb(old.*) END,"
						   " CASE WHEN d.started IS NOT NULL THEN pg_catalog.to_jsonb(new.*) END,"
						   " CASE WHEN d.ended IS NOT NULL AND d.started IS NOT NULL"
						   " THEN temporal.changed_columns(old.*, new.*) END"
						   " FROM (SELECT e.present AS ended, s.present AS started");
	review_text_numbers(&text, table, "e", "o");
	review_text_numbers(&text, table, "s", "n");
	appendStringInfoString(&text, " FROM (");
	review_transaction_versions(&text, table, true);
	appendStringInfoString(&text, ") AS e FULL JOIN (");
	review_transaction_versions(&text, table, false);
	appendStringInfoString(&text, ") AS s ON ");
	if (table->nkeys > 0)
	{
		review_text_key_equal(&text, table, "e.o", "s.n");
		appendStringInfoString(&text, " ORDER BY ");
		review_text_key_list(&text, table, "e.o", "s.n");
	}
	else
		appendStringInfoString(&text, "false");
	appendStringInfoString(&text, ") AS d CROSS JOIN ");
	review_text_row(&text, table, "d.o", "old");
	appendStringInfoString(&text, " CROSS JOIN ");
	review_text_row(&text, table, "d.n", "new");
	return text.data;
}

ReviewParameters
review_transaction_parameters(const ReviewTransaction *transaction)
{
	ReviewParameters result = {0};
	ArrayType  *ticks = DatumGetArrayTypeP(transaction->ticks);
	int			nticks = ArrayGetNItems(ARR_NDIM(ticks), ARR_DIMS(ticks));
	const TimestampTz *data = (TimestampTz *) ARR_DATA_PTR(ticks);

	review_parameter(&result, TIMESTAMPTZARRAYOID, transaction->ticks);
	review_parameter(&result, TIMESTAMPTZOID, TimestampTzGetDatum(data[0]));
	review_parameter(&result, TIMESTAMPTZOID,
					 TimestampTzGetDatum(data[nticks - 1]));
	review_parameter(&result, TIMESTAMPTZOID,
					 TimestampTzGetDatum(transaction->committed_at));
	review_parameter(&result, INT8OID, Int64GetDatum(transaction->xid));
	review_parameter(&result, TEXTOID, transaction->role);
	return result;
}

bool
review_transaction_touches(const ReviewTable *table,
						   const ReviewParameters *parameters, bool read_only)
{
	SPIExecuteOptions options = {
		.params = review_parameter_list(parameters),
		.read_only = read_only,
		.tcount = 1,
	};
	StringInfoData text;
	bool		result = false;

	initStringInfo(&text);
	for (int ended = 1; ended >= 0 && !result; ended--)
	{
		resetStringInfo(&text);
		review_transaction_versions(&text, table, ended);
		result = SPI_execute_extended(text.data, &options) == SPI_OK_SELECT &&
			SPI_processed > 0;
	}
	return result;
}

/*
 * temporal.transaction_changes(xid xid8), and with bigint
 */
Datum
temporal_transaction_changes(PG_FUNCTION_ARGS)
{
	ReviewTransaction *transaction;
	ReviewParameters parameters;
	ListCell   *lc;

	settings_require_preload();
	if (PG_ARGISNULL(0))
		review_refuse_null("xid");
	InitMaterializedSRF(fcinfo, 0);

	/* bigint and xid8 are the same bits */
	transaction = review_transaction_find(PG_GETARG_INT64(0));
	parameters = review_transaction_parameters(transaction);
	SPI_connect();
	foreach(lc, review_transaction_tables())
	{
		const ReviewTable *table = lfirst(lc);

		if (table->ncolumns <= REVIEW_MANY_COLUMNS ||
			review_transaction_touches(table, &parameters, true))
			review_answer((ReturnSetInfo *) fcinfo->resultinfo,
						  transaction_query(table), &parameters, true);
	}
	SPI_finish();
	return (Datum) 0;
}
