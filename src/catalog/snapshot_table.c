/*-------------------------------------------------------------------------
 *
 * snapshot_table.c
 *	  Rows of temporal.snapshot
 *
 * The only file that knows the columns of the table.  It is read and written
 * as PostgreSQL reads and writes its own catalogs, whatever the current user
 * may do with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog/extension_objects.h"
#include "catalog/snapshot_table.h"

enum
{
	Anum_snapshot_name = 1,		/* text COLLATE "C" */
	Anum_snapshot_time,
	Anum_snapshot_owner,
	Anum_snapshot_created_at,
	Anum_snapshot_relations,
	Natts_snapshot = Anum_snapshot_relations
};

static Relation
snapshot_table_open(LOCKMODE mode)
{
	Oid			schema = extension_is_created() ?
		get_rel_namespace(extension_catalog()) : InvalidOid;
	Oid			relid = get_relname_relid("snapshot", schema);

	return OidIsValid(relid) ? try_table_open(relid, mode) : NULL;
}

static SysScanDesc
snapshot_table_scan(Relation rel, const char *name)
{
	ScanKeyData key;
	Oid			index = get_relname_relid("snapshot_pkey",
										  RelationGetNamespace(rel));

	ScanKeyInit(&key, Anum_snapshot_name, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(name));
	return systable_beginscan(rel, index, OidIsValid(index), NULL, 1, &key);
}

static void
snapshot_table_read(Relation rel, HeapTuple tuple, SnapshotRow *row)
{
	Datum		values[Natts_snapshot];
	bool		nulls[Natts_snapshot];
	Datum	   *relations;
	int			nrelations;

	heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
	row->name = TextDatumGetCString(values[Anum_snapshot_name - 1]);
	row->time = DatumGetTimestampTz(values[Anum_snapshot_time - 1]);
	row->owner = pstrdup(NameStr(*DatumGetName(values[Anum_snapshot_owner - 1])));
	row->created_at =
		DatumGetTimestampTz(values[Anum_snapshot_created_at - 1]);
	row->relations = NIL;
	deconstruct_array(DatumGetArrayTypeP(values[Anum_snapshot_relations - 1]),
					  REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT,
					  &relations, NULL, &nrelations);
	for (int i = 0; i < nrelations; i++)
		row->relations = lappend_oid(row->relations,
									 DatumGetObjectId(relations[i]));
}

bool
snapshot_table_find(const char *name, SnapshotRow *row)
{
	Relation	rel = snapshot_table_open(AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		return false;
	scan = snapshot_table_scan(rel, name);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		snapshot_table_read(rel, tuple, row);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

List *
snapshot_table_times(Oid relation)
{
	Relation	rel = snapshot_table_open(AccessShareLock);
	List	   *times = NIL;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		return NIL;
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SnapshotRow row;
		TimestampTz *time;

		snapshot_table_read(rel, tuple, &row);
		if (!list_member_oid(row.relations, relation))
			continue;
		time = palloc(sizeof(TimestampTz));
		*time = row.time;
		times = lappend(times, time);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return times;
}

static HeapTuple
snapshot_table_form(Relation rel, const SnapshotRow *row)
{
	Datum		values[Natts_snapshot];
	bool		nulls[Natts_snapshot] = {0};
	int			nrelations = list_length(row->relations);
	Datum	   *relations = palloc((nrelations + 1) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, row->relations)
		relations[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	values[Anum_snapshot_name - 1] = CStringGetTextDatum(row->name);
	values[Anum_snapshot_time - 1] = TimestampTzGetDatum(row->time);
	values[Anum_snapshot_owner - 1] =
		DirectFunctionCall1(namein, CStringGetDatum(row->owner));
	values[Anum_snapshot_created_at - 1] = TimestampTzGetDatum(row->created_at);
	values[Anum_snapshot_relations - 1] =
		PointerGetDatum(construct_array(relations, nrelations, REGCLASSOID,
										sizeof(Oid), true, TYPALIGN_INT));
	return heap_form_tuple(RelationGetDescr(rel), values, nulls);
}

void
snapshot_table_insert(const SnapshotRow *row)
{
	Relation	rel = snapshot_table_open(RowExclusiveLock);

	if (rel == NULL)
		elog(ERROR, "table of snapshots is missing");
	CatalogTupleInsert(rel, snapshot_table_form(rel, row));
	table_close(rel, RowExclusiveLock);
}

void
snapshot_table_delete(const char *name)
{
	Relation	rel = snapshot_table_open(RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		elog(ERROR, "table of snapshots is missing");
	scan = snapshot_table_scan(rel, name);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SnapshotRow row;
		ListCell   *lc;

		/* plans were made that may have read a time that is kept no longer */
		snapshot_table_read(rel, tuple, &row);
		foreach(lc, row.relations)
		{
			if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(lc))))
				CacheInvalidateRelcacheByRelid(lfirst_oid(lc));
		}
		CatalogTupleDelete(rel, &tuple->t_self);
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
}

void
snapshot_table_forget(Oid relation)
{
	Relation	rel = snapshot_table_open(RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	if (rel == NULL)
		return;					/* the extension is being dropped */
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SnapshotRow row;

		snapshot_table_read(rel, tuple, &row);
		if (!list_member_oid(row.relations, relation))
			continue;
		row.relations = list_delete_oid(row.relations, relation);
		CatalogTupleUpdate(rel, &tuple->t_self,
						   snapshot_table_form(rel, &row));
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
}
