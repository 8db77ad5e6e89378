/*-------------------------------------------------------------------------
 *
 * ddl_partition.c
 *	  Partitions that join and leave a versioned table
 *
 * All versions of a partitioned table are in one history.  A partition has
 * statement triggers of its own, because a statement fires those of the
 * relation it names, and the DEFAULTs of the period columns, because a
 * partition does not inherit them.
 *
 * Rows that come or go with a partition pass no trigger, so only empty ones
 * may join and leave: INSERT and TRUNCATE are the ways in and out that keep
 * history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"
#include "ddl/ddl.h"

/*
 * The versioned table that the partition belongs to; false if there is none.
 */
bool
ddl_find_root(Oid relid, VersionedTable *table)
{
	return get_rel_relispartition(relid) &&
		versioned_table_find(versioned_partition_root(relid), table);
}

/*
 * A new partition of a versioned table gets the table's triggers and DEFAULTs.
 */
void
ddl_adopt_partition(Oid relid)
{
	VersionedTable table;

	CommandCounterIncrement();
	if (!OidIsValid(relid) || !ddl_find_root(relid, &table))
		return;
	ddl_period_defaults(relid, &table, true);
	ddl_triggers_sync(relid, &table);
}

bool
ddl_table_is_empty(Oid relid)
{
	List	   *members = find_all_inheritors(relid, AccessExclusiveLock, NULL);
	bool		empty = true;
	ListCell   *lc;

	foreach(lc, members)
	{
		Relation	rel = table_open(lfirst_oid(lc), NoLock);

		if (rel->rd_rel->relkind == RELKIND_RELATION && empty)
		{
			Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
			TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
			TupleTableSlot *slot = table_slot_create(rel, NULL);

			empty = !table_scan_getnextslot(scan, ForwardScanDirection, slot);
			ExecDropSingleTupleTableSlot(slot);
			table_endscan(scan);
			UnregisterSnapshot(snapshot);
		}
		table_close(rel, NoLock);
	}
	return empty;
}

/*
 * Partitions come and go with the rows they hold, which no trigger sees.
 */
void
ddl_guard_partition(Oid relid, RangeVar *partition, bool attach)
{
	Oid			partid = RangeVarGetRelid(partition, AccessExclusiveLock,
										  true);

	if (!OidIsValid(partid) || ddl_table_is_empty(partid))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 attach ?
			 errmsg("cannot attach table \"%s\" to versioned table \"%s\", because it is not empty",
					get_rel_name(partid), get_rel_name(relid)) :
			 errmsg("cannot detach partition \"%s\" of versioned table \"%s\", because it is not empty",
					get_rel_name(partid), get_rel_name(relid)),
			 attach ?
			 errhint("Attach it empty and INSERT its rows.") :
			 errhint("TRUNCATE it first, which moves its rows to history.")));
}

/*
 * A partition that was detached is an ordinary table.
 */
static void
ddl_release_partition(Oid relid)
{
	Relation	rel = table_open(relid, AccessExclusiveLock);
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *cmds = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Node	   *expr;

		if (att->attisdropped || !att->atthasdef || att->attgenerated)
			continue;
		expr = build_column_default(rel, att->attnum);
		if (expr && IsA(expr, FuncExpr) &&
			(((FuncExpr *) expr)->funcid == extension_function(FUNCTION_ROW_START) ||
			 ((FuncExpr *) expr)->funcid == extension_function(FUNCTION_ROW_END)))
			cmds = lappend(cmds, ddl_command(AT_ColumnDefault,
											 NameStr(att->attname), NULL));
	}
	table_close(rel, NoLock);
	ddl_triggers_drop(relid);
	if (cmds != NIL)
		ddl_alter_table(relid, cmds);
}

/*
 * The partitions that ALTER TABLE ... ATTACH or DETACH PARTITION names.
 */
List *
ddl_named_partitions(List *cmds)
{
	List	   *partitions = NIL;
	ListCell   *lc;

	foreach(lc, cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_AttachPartition ||
			cmd->subtype == AT_DetachPartition ||
			cmd->subtype == AT_DetachPartitionFinalize)
			partitions = lappend(partitions,
								 castNode(PartitionCmd, cmd->def)->name);
	}
	return partitions;
}

/*
 * A table was attached to a versioned table, or detached from one.
 */
void
ddl_after_partition(Oid relid)
{
	VersionedTable table;

	CommandCounterIncrement();
	if (!OidIsValid(relid))
		return;
	if (get_rel_relispartition(relid))
		ddl_adopt_partition(relid);
	else if (!versioned_table_find(relid, &table) &&
			 ddl_trigger_is_ours(relid, "temporal_capture_update"))
		ddl_release_partition(relid);
}
