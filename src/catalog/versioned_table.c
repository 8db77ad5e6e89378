/*-------------------------------------------------------------------------
 *
 * versioned_table.c
 *	  Rows of temporal.versioned_table
 *
 * The only file that knows the columns of the catalog table.  It is read and
 * written as PostgreSQL reads and writes its own catalogs, whatever the
 * current user may do with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "catalog/extension_objects.h"
#include "catalog/retention_policy.h"
#include "catalog/snapshot_table.h"
#include "catalog/versioned_table.h"

enum
{
	Anum_versioned_table_relation = 1,
	Anum_versioned_table_history,
	Anum_versioned_table_start_column,
	Anum_versioned_table_end_column,
	Anum_versioned_table_history_start,
	Anum_versioned_table_history_index,
	Anum_versioned_table_skip_unchanged,
	Anum_versioned_table_exclude_columns,
	Anum_versioned_table_compression,
	Anum_versioned_table_compression_level,
	Anum_versioned_table_compress_after,
	Natts_versioned_table = Anum_versioned_table_compress_after
};

static const char *const history_index_names[] = {
	[HISTORY_INDEX_KEY] = "key",
	[HISTORY_INDEX_GIST] = "gist",
	[HISTORY_INDEX_NONE] = "none",
};

static bool versioned_table_read(AttrNumber attno, Oid value,
								 VersionedTable *table);
static void versioned_table_changed(Oid relation);

void
versioned_table_defaults(VersionedTable *table)
{
	table->history_index = HISTORY_INDEX_KEY;
	table->skip_unchanged = false;
	table->exclude_columns = NIL;
	table->compress = true;
	table->compression_level = VERSIONED_TABLE_COMPRESSION_LEVEL;
	memset(&table->compress_after, 0, sizeof(Interval));
	table->compress_after.day = 1;
}

const char *
history_index_name(HistoryIndex index)
{
	return history_index_names[index];
}

bool
history_index_from_name(const char *name, HistoryIndex *index)
{
	for (int i = 0; i < lengthof(history_index_names); i++)
	{
		if (pg_strcasecmp(name, history_index_names[i]) == 0)
		{
			*index = (HistoryIndex) i;
			return true;
		}
	}
	return false;
}

bool
versioned_table_find(Oid relation, VersionedTable *table)
{
	return versioned_table_read(Anum_versioned_table_relation, relation,
								table);
}

bool
versioned_table_find_by_history(Oid history, VersionedTable *table)
{
	return versioned_table_read(Anum_versioned_table_history, history, table);
}

/*
 * The index that serves look-ups by the column: both are unique, and made by
 * the install script's constraints, whose names PostgreSQL chose.
 */
static Oid
versioned_table_index(AttrNumber attno)
{
	return get_relname_relid(attno == Anum_versioned_table_relation ?
							 "versioned_table_pkey" :
							 "versioned_table_history_key",
							 get_rel_namespace(extension_catalog()));
}

static SysScanDesc
versioned_table_scan(Relation catalog, AttrNumber attno, Oid value)
{
	ScanKeyData key;
	Oid			index;

	ScanKeyInit(&key, attno, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(value));
	/* without its index only while the extension is being dropped */
	index = versioned_table_index(attno);
	return systable_beginscan(catalog, index, OidIsValid(index),
							  NULL, 1, &key);
}

static bool
versioned_table_read(AttrNumber attno, Oid value, VersionedTable *table)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	if (!extension_is_created())
		return false;

	catalog = try_table_open(extension_catalog(), AccessShareLock);
	if (catalog == NULL)
		return false;			/* the extension is being dropped */
	scan = versioned_table_scan(catalog, attno, value);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		Datum		values[Natts_versioned_table];
		bool		nulls[Natts_versioned_table];
		Datum	   *names;
		int			nnames;
		char	   *index;

		heap_deform_tuple(tuple, RelationGetDescr(catalog), values, nulls);
		memset(table, 0, sizeof(*table));
		table->relation =
			DatumGetObjectId(values[Anum_versioned_table_relation - 1]);
		if (!nulls[Anum_versioned_table_history - 1])
			table->history =
				DatumGetObjectId(values[Anum_versioned_table_history - 1]);
		namestrcpy(&table->start_column,
				   NameStr(*DatumGetName(values[Anum_versioned_table_start_column - 1])));
		namestrcpy(&table->end_column,
				   NameStr(*DatumGetName(values[Anum_versioned_table_end_column - 1])));
		table->history_start =
			DatumGetTimestampTz(values[Anum_versioned_table_history_start - 1]);
		index = TextDatumGetCString(values[Anum_versioned_table_history_index - 1]);
		if (!history_index_from_name(index, &table->history_index))
			table->history_index = HISTORY_INDEX_KEY;
		table->skip_unchanged =
			DatumGetBool(values[Anum_versioned_table_skip_unchanged - 1]);
		deconstruct_array(DatumGetArrayTypeP(values[Anum_versioned_table_exclude_columns - 1]),
						  NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
						  &names, NULL, &nnames);
		for (int i = 0; i < nnames; i++)
			table->exclude_columns =
				lappend(table->exclude_columns,
						pstrdup(NameStr(*DatumGetName(names[i]))));
		table->compress =
			strcmp(TextDatumGetCString(values[Anum_versioned_table_compression - 1]),
				   "none") != 0;
		table->compression_level =
			DatumGetInt16(values[Anum_versioned_table_compression_level - 1]);
		table->compress_after =
			*DatumGetIntervalP(values[Anum_versioned_table_compress_after - 1]);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

List *
versioned_table_list(void)
{
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *relations = NIL;

	if (!extension_is_created())
		return NIL;
	catalog = table_open(extension_catalog(), AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		relation = heap_getattr(tuple,
											Anum_versioned_table_relation,
											RelationGetDescr(catalog),
											&isnull);

		relations = lappend_oid(relations, DatumGetObjectId(relation));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(relations, list_oid_cmp);
	return relations;
}

static HeapTuple
versioned_table_form(Relation catalog, const VersionedTable *table)
{
	Datum		values[Natts_versioned_table];
	bool		nulls[Natts_versioned_table] = {0};
	int			nnames = list_length(table->exclude_columns);
	Datum	   *names = palloc((nnames + 1) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, table->exclude_columns)
		names[foreach_current_index(lc)] =
			DirectFunctionCall1(namein, CStringGetDatum(lfirst(lc)));

	values[Anum_versioned_table_relation - 1] =
		ObjectIdGetDatum(table->relation);
	values[Anum_versioned_table_history - 1] =
		ObjectIdGetDatum(table->history);
	nulls[Anum_versioned_table_history - 1] = !OidIsValid(table->history);
	values[Anum_versioned_table_start_column - 1] =
		NameGetDatum(&table->start_column);
	values[Anum_versioned_table_end_column - 1] =
		NameGetDatum(&table->end_column);
	values[Anum_versioned_table_history_start - 1] =
		TimestampTzGetDatum(table->history_start);
	values[Anum_versioned_table_history_index - 1] =
		CStringGetTextDatum(history_index_name(table->history_index));
	values[Anum_versioned_table_skip_unchanged - 1] =
		BoolGetDatum(table->skip_unchanged);
	values[Anum_versioned_table_exclude_columns - 1] =
		PointerGetDatum(construct_array(names, nnames, NAMEOID, NAMEDATALEN,
										false, TYPALIGN_CHAR));
	values[Anum_versioned_table_compression - 1] =
		CStringGetTextDatum(table->compress ? "zstd" : "none");
	values[Anum_versioned_table_compression_level - 1] =
		Int16GetDatum(table->compression_level);
	values[Anum_versioned_table_compress_after - 1] =
		IntervalPGetDatum(&table->compress_after);
	return heap_form_tuple(RelationGetDescr(catalog), values, nulls);
}

void
versioned_table_insert(const VersionedTable *table)
{
	Relation	catalog = table_open(extension_catalog(), RowExclusiveLock);

	CatalogTupleInsert(catalog, versioned_table_form(catalog, table));
	table_close(catalog, RowExclusiveLock);
	versioned_table_changed(table->relation);
}

void
versioned_table_update(const VersionedTable *table)
{
	Relation	catalog = table_open(extension_catalog(), RowExclusiveLock);
	SysScanDesc scan = versioned_table_scan(catalog,
											Anum_versioned_table_relation,
											table->relation);
	HeapTuple	old = systable_getnext(scan);

	if (!HeapTupleIsValid(old))
		elog(ERROR, "no row in versioned_table for relation %u",
			 table->relation);
	CatalogTupleUpdate(catalog, &old->t_self,
					   versioned_table_form(catalog, table));
	systable_endscan(scan);
	table_close(catalog, RowExclusiveLock);
	versioned_table_changed(table->relation);
	if (!OidIsValid(table->history))
	{
		snapshot_table_forget(table->relation);
		retention_policy_forget(table->relation);
	}
}

void
versioned_table_delete(Oid relation)
{
	Relation	catalog = table_open(extension_catalog(), RowExclusiveLock);
	SysScanDesc scan = versioned_table_scan(catalog,
											Anum_versioned_table_relation,
											relation);
	HeapTuple	old = systable_getnext(scan);

	if (HeapTupleIsValid(old))
		CatalogTupleDelete(catalog, &old->t_self);
	systable_endscan(scan);
	table_close(catalog, RowExclusiveLock);
	versioned_table_changed(relation);
	snapshot_table_forget(relation);
	retention_policy_forget(relation);
}

/*
 * Tells every session to look at the table, and at its partitions, anew.
 */
static void
versioned_table_changed(Oid relation)
{
	List	   *members;
	ListCell   *lc;

	CommandCounterIncrement();
	members = find_all_inheritors(relation, NoLock, NULL);
	foreach(lc, members)
	{
		/* one that is being dropped is gone from the syscache already */
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(lc))))
			CacheInvalidateRelcacheByRelid(lfirst_oid(lc));
	}
	list_free(members);
}
