/*-------------------------------------------------------------------------
 *
 * archive_history.c
 *	  Old versions to a file, by function: nothing is removed
 *
 * Versions are read by a query on the history, as its owner could, in the order
 * of the key: those of a row are next to each other, and take least room.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/session_time.h"
#include "base/settings.h"
#include "catalog/versioned_cache.h"
#include "catalog/versioned_table.h"
#include "maintenance/archive_write.h"
#include "maintenance/maintenance_table.h"

PG_FUNCTION_INFO_V1(temporal_archive_history);

/* Versions that are fetched at a time */
#define HISTORY_FETCH		1000

/*
 * Finds the versioned table, which is locked against changes of its columns
 * until the end of the transaction; 42501 if it is not the user's.
 */
static const VersionedRelation *
history_find(Oid relid, VersionedTable *table)
{
	maintenance_find_table(relid, "archiving", table);
	LockRelationOid(table->relation, AccessShareLock);
	LockRelationOid(table->history, AccessShareLock);
	return versioned_cache_require(table->relation, 0);
}

static char *
history_query(const VersionedTable *table, const VersionedRelation *versioned)
{
	StringInfoData text;
	int			member = -1;

	initStringInfo(&text);
	appendStringInfo(&text, "SELECT h.* FROM %s h WHERE h.%s"
					 " OPERATOR(pg_catalog.<=) $1 ORDER BY ",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->history)),
												get_rel_name(table->history)),
					 quote_identifier(NameStr(table->end_column)));
	while ((member = bms_next_member(versioned->key_attnos, member)) >= 0)
	{
		AttrNumber	attno = member + FirstLowInvalidHeapAttributeNumber;

		attno = versioned->history_attnos[attno - 1];
		appendStringInfo(&text, "h.%s, ",
						 quote_identifier(get_attname(table->history, attno,
													  false)));
	}
	appendStringInfo(&text, "h.%s",
					 quote_identifier(NameStr(table->start_column)));
	return text.data;
}

/*
 * Writes what the query returns; false if that is nothing.
 */
static bool
history_write(const VersionedTable *table, const char *query,
			  TimestampTz before, const char *location, ArchiveRow *row)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(before)};
	ArchiveWriter *writer;
	TupleTableSlot *slot;
	Portal		portal;
	bool		written;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, query, 1, types, values, NULL,
									   true /* read-only */ , 0);
	MemoryContextSwitchTo(caller);
	writer = archive_write_begin(table, portal->tupDesc, location);
	slot = MakeSingleTupleTableSlot(portal->tupDesc, &TTSOpsHeapTuple);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, HISTORY_FETCH);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
			archive_write_add(writer, slot);
		}
		ExecClearTuple(slot);
		SPI_freetuptable(SPI_tuptable);
	}
	ExecDropSingleTupleTableSlot(slot);
	SPI_cursor_close(portal);
	MemoryContextSwitchTo(caller);
	written = archive_write_finish(writer, false /* removed */ , row);
	SPI_finish();
	return written;
}

/*
 * temporal.archive_history(relation regclass, before timestamptz,
 *							location text, OUT file text, OUT versions bigint)
 */
Datum
temporal_archive_history(PG_FUNCTION_ARGS)
{
	static const char *const arguments[] = {"relation", "before", "location"};
	VersionedTable table;
	const VersionedRelation *versioned;
	ArchiveRow	row;
	TimestampTz before;
	TupleDesc	desc;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, false};
	int			nestlevel;

	settings_require_preload();
	for (int i = 0; i < lengthof(arguments); i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", arguments[i])));
	}
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	versioned = history_find(PG_GETARG_OID(0), &table);
	PreventCommandIfReadOnly("temporal.archive_history()");
	before = Min(PG_GETARG_TIMESTAMPTZ(1), GetCurrentTimestamp());

	/* rather an error than versions that a policy leaves out */
	nestlevel = NewGUCNestLevel();
	(void) set_config_option("row_security", "off", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (history_write(&table, history_query(&table, versioned), before,
					  text_to_cstring(PG_GETARG_TEXT_PP(2)), &row))
	{
		values[0] = CStringGetTextDatum(row.file);
		nulls[0] = false;
		values[1] = Int64GetDatum(row.versions);
	}
	AtEOXact_GUC(false, nestlevel);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}
