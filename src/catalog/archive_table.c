/*-------------------------------------------------------------------------
 *
 * archive_table.c
 *	  Rows of temporal.archive_file
 *
 * The only file that knows the columns of the table.  It is read and written
 * as PostgreSQL reads and writes its own catalogs, whatever the current user
 * may do with it.
 *
 * A row commits with the removal of the versions that are in the file.  So a
 * file without a row is the leftover of a transaction that did not commit, and
 * its versions are where they were.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "catalog/archive_table.h"
#include "catalog/extension_objects.h"

enum
{
	Anum_archive_file = 1,		/* text COLLATE "C" */
	Anum_archive_schema,
	Anum_archive_table,
	Anum_archive_versions,
	Anum_archive_bytes,
	Anum_archive_first_start,
	Anum_archive_first_end,
	Anum_archive_last_end,
	Anum_archive_removed,
	Anum_archive_made_at,
	Anum_archive_xid,
	Natts_archive = Anum_archive_xid
};

static Relation
archive_table_open(LOCKMODE mode)
{
	Oid			schema = extension_is_created() ?
		get_rel_namespace(extension_catalog()) : InvalidOid;
	Oid			relid = get_relname_relid("archive_file", schema);

	return OidIsValid(relid) ? try_table_open(relid, mode) : NULL;
}

static Datum
archive_table_name(const char *name)
{
	return DirectFunctionCall1(namein, CStringGetDatum(name));
}

void
archive_table_insert(const ArchiveRow *row)
{
	Relation	rel = archive_table_open(RowExclusiveLock);
	Datum		values[Natts_archive];
	bool		nulls[Natts_archive] = {0};

	if (rel == NULL)
		elog(ERROR, "table of archives is missing");
	values[Anum_archive_file - 1] = CStringGetTextDatum(row->file);
	values[Anum_archive_schema - 1] = archive_table_name(row->schema);
	values[Anum_archive_table - 1] = archive_table_name(row->table);
	values[Anum_archive_versions - 1] = Int64GetDatum(row->versions);
	values[Anum_archive_bytes - 1] = Int64GetDatum(row->bytes);
	values[Anum_archive_first_start - 1] =
		TimestampTzGetDatum(row->first_start);
	values[Anum_archive_first_end - 1] = TimestampTzGetDatum(row->first_end);
	values[Anum_archive_last_end - 1] = TimestampTzGetDatum(row->last_end);
	values[Anum_archive_removed - 1] = BoolGetDatum(row->removed);
	values[Anum_archive_made_at - 1] = TimestampTzGetDatum(row->made_at);
	values[Anum_archive_xid - 1] =
		FullTransactionIdGetDatum(GetTopFullTransactionId());
	CatalogTupleInsert(rel, heap_form_tuple(RelationGetDescr(rel), values,
											nulls));
	table_close(rel, RowExclusiveLock);
}

bool
archive_table_has(const char *file)
{
	Relation	rel = archive_table_open(AccessShareLock);
	ScanKeyData key;
	Oid			index;
	SysScanDesc scan;
	bool		found;

	if (rel == NULL)
		return false;
	index = get_relname_relid("archive_file_pkey", RelationGetNamespace(rel));
	ScanKeyInit(&key, Anum_archive_file, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(file));
	scan = systable_beginscan(rel, index, OidIsValid(index), NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}
