/*-------------------------------------------------------------------------
 *
 * ddl_drop.c
 *	  Versioned tables and histories that are dropped
 *
 * Objects can be dropped without being named (DROP SCHEMA ... CASCADE, DROP
 * OWNED): the object access hook sees each of them.  A table takes its catalog
 * row along.  A history that goes while its table stays is an error, and so is
 * a partition with rows, which would go without a trace.  That is known only
 * when the statement is done, or commits in its middle: ddl_drop_check().
 *
 * Segments are dropped with their history, when the statement is done.  Nobody
 * else may drop them, and so not the extension either that they belong to:
 * versions would be lost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "catalog/extension_objects.h"
#include "catalog/segment_table.h"
#include "ddl/ddl.h"
#include "history/history_segments.h"

/*
 * A history that was dropped by the statement that is running, or a partition
 * that was not empty
 */
typedef struct DroppedPart
{
	SubTransactionId dropped_in;
	Oid			history;		/* InvalidOid: it is a partition */
	Oid			table;
	char	   *name;
} DroppedPart;

/* Its segments */
typedef struct DroppedSegments
{
	SubTransactionId dropped_in;
	Oid			history;
	Oid			segments;
} DroppedSegments;

static object_access_hook_type prev_object_access_hook = NULL;

/* Both in TopTransactionContext */
static List *dropped_parts = NIL;
static List *dropped_segments = NIL;

static void ddl_object_access(ObjectAccessType access, Oid classId,
							  Oid objectId, int subId, void *arg);
static void ddl_drop_end_subtransaction(SubXactEvent event,
										SubTransactionId subid,
										SubTransactionId parent_subid,
										void *arg);

void
ddl_drop_init(void)
{
	prev_object_access_hook = object_access_hook;
	object_access_hook = ddl_object_access;
	RegisterSubXactCallback(ddl_drop_end_subtransaction, NULL);
}

/*
 * What was dropped in a subtransaction that is rolled back, was not dropped.
 * Those in it have greater numbers than itself, all others have smaller ones.
 */
static void
ddl_drop_end_subtransaction(SubXactEvent event, SubTransactionId subid,
							SubTransactionId parent_subid, void *arg)
{
	ListCell   *lc;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach(lc, dropped_parts)
	{
		if (((DroppedPart *) lfirst(lc))->dropped_in >= subid)
			dropped_parts = foreach_delete_current(dropped_parts, lc);
	}
	foreach(lc, dropped_segments)
	{
		if (((DroppedSegments *) lfirst(lc))->dropped_in >= subid)
			dropped_segments = foreach_delete_current(dropped_segments, lc);
	}
}

void
ddl_drop_forget(void)
{
	dropped_parts = NIL;
	dropped_segments = NIL;
}

/*
 * Drops the segments of histories that were dropped.
 */
static void
ddl_drop_segments(void)
{
	List	   *dropped = dropped_segments;
	ListCell   *lc;

	dropped_segments = NIL;
	foreach(lc, dropped)
	{
		const DroppedSegments *segments = lfirst(lc);

		segment_table_delete(segments->history);
		history_segments_drop(segments->segments);
	}
}

void
ddl_drop_check(void)
{
	ListCell   *lc;

	ddl_drop_segments();
	foreach(lc, dropped_parts)
	{
		DroppedPart *dropped = lfirst(lc);
		VersionedTable table;

		CommandCounterIncrement();
		if (!versioned_table_find(dropped->table, &table))
			continue;
		if (!OidIsValid(dropped->history) && OidIsValid(table.history))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("cannot drop partition \"%s\" of versioned table \"%s\", because it is not empty",
							dropped->name, get_rel_name(dropped->table)),
					 errhint("TRUNCATE it first, which moves its rows to history.")));
		if (OidIsValid(dropped->history) &&
			table.history == dropped->history)
		{
			/* pg_restore --clean drops the one before the other */
			if (temporal_allow_period_writes)
			{
				table.history = InvalidOid;
				versioned_table_update(&table);
				continue;
			}
			ereport(ERROR,
					(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					 errmsg("cannot drop history table \"%s\" because versioned table \"%s\" needs it",
							dropped->name, get_rel_name(dropped->table)),
					 errhint("ALTER TABLE ... DROP SYSTEM VERSIONING CASCADE drops it.")));
		}
	}
	dropped_parts = NIL;
}

/*
 * A column goes without being named: DROP TYPE ... CASCADE and the like.
 */
static void
ddl_drop_column(Oid relid, AttrNumber attno)
{
	VersionedTable table;
	char	   *column;

	if (!versioned_table_find(relid, &table) &&
		!versioned_table_find_by_history(relid, &table) &&
		!ddl_find_root(relid, &table))
		return;
	column = get_attname(relid, attno, false);
	if (!OidIsValid(table.history) &&
		namestrcmp(&table.start_column, column) != 0 &&
		namestrcmp(&table.end_column, column) != 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot drop column \"%s\" of %s table \"%s\"", column,
					relid == table.history ? "history" : "versioned",
					get_rel_name(relid)),
			 errhint("ALTER TABLE ... DROP SYSTEM VERSIONING first; its history stays as an ordinary table.")));
}

/*
 * A history with values of the type, in arrays, domains and other composite
 * types as well (find_composite_type_dependencies() in tablecmds.c is like it);
 * InvalidOid if there is none.
 */
static Oid
ddl_history_with_type(Oid type)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	check_stack_depth();
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(type));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2,
							  keys);
	while (!OidIsValid(result) &&
		   HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend user = (Form_pg_depend) GETSTRUCT(tuple);
		VersionedTable table;

		if (user->classid == TypeRelationId)
			result = ddl_history_with_type(user->objid);
		else if (user->classid != RelationRelationId || user->objsubid == 0)
			continue;
		else if (get_rel_relkind(user->objid) == RELKIND_COMPOSITE_TYPE)
			result = ddl_history_with_type(get_rel_type_id(user->objid));
		else if (versioned_table_find_by_history(user->objid, &table))
			result = user->objid;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/*
 * An attribute of a composite type goes, which may be the row type of a table,
 * and with it a part of each value.
 */
static void
ddl_drop_attribute(Oid relid, AttrNumber attno)
{
	Oid			type = get_rel_type_id(relid);
	Oid			history = InvalidOid;

	if (OidIsValid(type))
		history = ddl_history_with_type(type);
	if (OidIsValid(history))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot drop attribute \"%s\" of type \"%s\", of which history table \"%s\" has values",
						get_attname(relid, attno, false),
						get_rel_name(relid), get_rel_name(history)),
				 errhint("ALTER TABLE ... DROP SYSTEM VERSIONING first; its history stays as an ordinary table.")));
}

/*
 * A history is dropped: its segments follow.
 */
static void
ddl_drop_note_segments(Oid history)
{
	SegmentTable table;
	DroppedSegments *dropped;
	MemoryContext old;

	if (!segment_table_get(history, &table))
		return;
	old = MemoryContextSwitchTo(TopTransactionContext);
	dropped = palloc(sizeof(DroppedSegments));
	dropped->dropped_in = GetCurrentSubTransactionId();
	dropped->history = history;
	dropped->segments = table.segments;
	dropped_segments = lappend(dropped_segments, dropped);
	MemoryContextSwitchTo(old);
}

static void
ddl_drop_note_part(Oid history, const VersionedTable *table, Oid relid)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	DroppedPart *dropped = palloc(sizeof(DroppedPart));

	dropped->dropped_in = GetCurrentSubTransactionId();
	dropped->history = history;
	dropped->table = table->relation;
	dropped->name = pstrdup(get_rel_name(relid));
	dropped_parts = lappend(dropped_parts, dropped);
	MemoryContextSwitchTo(old);
}

static void
ddl_refuse_drop_of_segments(Oid segments)
{
	Oid			history;

	if (history_segments_being_dropped())
		return;
	history = segment_table_history(segments);
	if (!OidIsValid(history))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot drop %s because it holds versions of history \"%s\"",
					get_rel_name(segments), get_rel_name(history)),
			 errhint("ALTER TABLE ... DROP SYSTEM VERSIONING writes them back first; DROP TABLE drops them with their table.")));
}

static void
ddl_object_access(ObjectAccessType access, Oid classId, Oid objectId,
				  int subId, void *arg)
{
	VersionedTable table;
	char		relkind;

	if (prev_object_access_hook)
		prev_object_access_hook(access, classId, objectId, subId, arg);
	if (access != OAT_DROP || classId != RelationRelationId)
		return;
	relkind = get_rel_relkind(objectId);
	if (subId != 0 && extension_is_created())
		ddl_drop_attribute(objectId, subId);
	if ((relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE) ||
		objectId == extension_catalog() || !extension_is_created())
		return;

	if (subId == 0)
	{
		ddl_refuse_drop_of_segments(objectId);
		ddl_drop_note_segments(objectId);
	}
	if (subId != 0)
		ddl_drop_column(objectId, subId);
	else if (versioned_table_find(objectId, &table))
		versioned_table_delete(objectId);
	else if (versioned_table_find_by_history(objectId, &table))
		ddl_drop_note_part(objectId, &table, objectId);
	else if (relkind == RELKIND_RELATION && ddl_find_root(objectId, &table) &&
			 OidIsValid(table.history) && !ddl_table_is_empty(objectId))
		ddl_drop_note_part(InvalidOid, &table, objectId);
}
