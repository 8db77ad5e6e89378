/*-------------------------------------------------------------------------
 *
 * ddl_guard.c
 *	  What may not change while a table is versioned
 *
 * Refused is what would lose history, make it unreadable, or let writes pass
 * uncaptured: changes of columns, changes of the period columns, of our
 * triggers, and of the history relation itself.  What is not refused here
 * (constraints, defaults of other columns, indexes, storage parameters,
 * policies, owners, names) concerns the current rows alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/audit_table.h"
#include "catalog/extension_objects.h"
#include "catalog/segment_table.h"
#include "catalog/versioned_cache.h"
#include "ddl/ddl.h"
#include "history/history_reach.h"

static void
ddl_refuse(const char *what, Oid relid, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot %s versioned table \"%s\"", what,
					get_rel_name(relid)),
			 errhint("%s", hint)));
}

static void
ddl_refuse_history(Oid history, const VersionedTable *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot alter history table \"%s\"",
					get_rel_name(history)),
			 errdetail("It is the history of table \"%s\".",
					   get_rel_name(table->relation)),
			 errhint("Change the versioned table; ALTER TABLE ... DROP SYSTEM VERSIONING makes its history an ordinary table.")));
}

/*
 * Whose history the relation is, or holds the segments of
 */
static bool
ddl_find_history(Oid relid, VersionedTable *table)
{
	Oid			history;

	if (versioned_table_find_by_history(relid, table))
		return true;
	history = extension_is_created() ? segment_table_history(relid) :
		InvalidOid;
	return OidIsValid(history) &&
		versioned_table_find_by_history(history, table);
}

/*
 * The audit log may be stored otherwise, and no more.  pg_upgrade makes it.
 */
static void
ddl_guard_audit(Oid relid, const AlterTableCmd *cmd)
{
	if (IsBinaryUpgrade || creating_extension ||
		!audit_table_is(relid))
		return;
	if (cmd != NULL)
		switch (cmd->subtype)
		{
			case AT_SetStatistics:
			case AT_SetStorage:
			case AT_SetCompression:
			case AT_SetRelOptions:
			case AT_ResetRelOptions:
			case AT_SetTableSpace:
			case AT_ClusterOn:
			case AT_DropCluster:
				return;
			default:
				break;
		}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot alter the audit log"),
			 errhint("temporal.trim_audit_log() removes old entries.")));
}

#ifdef TEMPORAL_HAS_NOT_NULL_CONSTRAINTS
/*
 * Is it the constraint that makes the column NOT NULL?
 */
static bool
ddl_is_not_null(Oid relid, AttrNumber attno, const char *name)
{
	HeapTuple	tuple = findNotNullConstraintAttnum(relid, attno);

	return HeapTupleIsValid(tuple) &&
		namestrcmp(&((Form_pg_constraint) GETSTRUCT(tuple))->conname,
				   name) == 0;
}
#endif

/*
 * One sub-command of ALTER TABLE on a versioned table or a partition of one.
 */
static void
ddl_guard_command(Oid relid, const VersionedRelation *versioned,
				  AlterTableCmd *cmd)
{
	static const char off_hint[] =
		"ALTER TABLE ... DROP SYSTEM VERSIONING and DROP PERIOD FOR SYSTEM_TIME first.";

	static const char history_hint[] =
		"ALTER TABLE ... DROP SYSTEM VERSIONING first; its history stays as an ordinary table.";
	AttrNumber	attno = cmd->name ? get_attnum(relid, cmd->name) :
		InvalidAttrNumber;
	bool		period_column = attno != InvalidAttrNumber &&
		(attno == versioned->start_attno || attno == versioned->end_attno);

	switch (cmd->subtype)
	{
		case AT_AddColumn:
			if (OidIsValid(versioned->history))
				ddl_refuse("add a column to", relid, history_hint);
			break;
		case AT_DropColumn:
			if (OidIsValid(versioned->history) || period_column)
				ddl_refuse("drop a column of", relid,
						   period_column ? off_hint : history_hint);
			break;
		case AT_AlterColumnType:
			if (OidIsValid(versioned->history) || period_column)
				ddl_refuse("change the type of a column of", relid,
						   period_column ? off_hint : history_hint);
			break;
#ifdef TEMPORAL_HAS_SET_EXPRESSION
		case AT_SetExpression:
			if (OidIsValid(versioned->history))
				ddl_refuse("change a generated column of", relid, history_hint);
			break;
#endif
#ifdef TEMPORAL_HAS_NOT_NULL_CONSTRAINTS
		case AT_DropConstraint:
			if (ddl_is_not_null(relid, versioned->start_attno, cmd->name) ||
				ddl_is_not_null(relid, versioned->end_attno, cmd->name))
				ddl_refuse("alter a period column of", relid, off_hint);
			break;
#endif
		case AT_ColumnDefault:
		case AT_DropNotNull:
		case AT_AddIdentity:
		case AT_SetIdentity:
		case AT_DropIdentity:
		case AT_DropExpression:
			if (period_column)
				ddl_refuse("alter a period column of", relid, off_hint);
			break;
		case AT_SetUnLogged:
		case AT_SetLogged:
			ddl_refuse("change the persistence of", relid, off_hint);
			break;
		case AT_AddInherit:
		case AT_AddOf:
			ddl_refuse("change the inheritance of", relid, off_hint);
			break;
		case AT_AttachPartition:
			ddl_guard_partition(relid, castNode(PartitionCmd, cmd->def)->name,
								true);
			break;
		case AT_DetachPartition:
			if (castNode(PartitionCmd, cmd->def)->concurrent)
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("cannot detach a partition of versioned table \"%s\" concurrently",
								get_rel_name(relid)),
						 errdetail("Rows written to it meanwhile would leave the table without a trace."),
						 errhint("DETACH PARTITION without CONCURRENTLY.")));
			ddl_guard_partition(relid, castNode(PartitionCmd, cmd->def)->name,
								false);
			break;
		case AT_DisableTrigAll:
		case AT_DisableTrigUser:
			if (!temporal_allow_period_writes)
				ddl_refuse("disable the triggers of", relid,
						   "Disable triggers by name; for pg_restore, a superuser can turn on temporal.allow_period_writes.");
			break;
		case AT_DisableTrig:
		case AT_EnableTrig:
		case AT_EnableAlwaysTrig:
		case AT_EnableReplicaTrig:
			if (ddl_trigger_is_ours(relid, cmd->name) &&
				!ddl_trigger_may_become(cmd))
				ddl_refuse("change the versioning triggers of", relid,
						   "ALTER TABLE ... DROP SYSTEM VERSIONING stops versioning.");
			break;
		default:
			break;
	}
}

/*
 * One sub-command of ALTER TABLE on a history relation.
 */
static void
ddl_guard_history_command(Oid history, const VersionedTable *table,
						  AlterTableCmd *cmd)
{
	switch (cmd->subtype)
	{
		case AT_SetStatistics:
		case AT_SetOptions:
		case AT_ResetOptions:
		case AT_SetStorage:
		case AT_SetCompression:
		case AT_SetRelOptions:
		case AT_ResetRelOptions:
		case AT_SetTableSpace:
		case AT_ClusterOn:
		case AT_DropCluster:
		case AT_ReplicaIdentity:
		case AT_EnableRowSecurity:
		case AT_DisableRowSecurity:
			break;
		case AT_EnableAlwaysTrig:
		case AT_EnableReplicaTrig:
			if (!ddl_trigger_may_become(cmd))
				ddl_refuse_history(history, table);
			break;
		case AT_DisableTrigAll:
		case AT_DisableTrigUser:
		case AT_EnableTrigAll:
		case AT_EnableTrigUser:
			if (!temporal_allow_period_writes)
				ddl_refuse_history(history, table);
			/* nobody will tell what is written meanwhile */
			history_reach_advance(history, END_TIMESTAMP);
			break;
		default:
			ddl_refuse_history(history, table);
	}
}

void
ddl_guard_history(Oid relid)
{
	VersionedTable table;

	if (ddl_find_history(relid, &table))
		ddl_refuse_history(relid, &table);
	ddl_guard_audit(relid, NULL);
}

void
ddl_guard_foreign(Oid parent, const char *name)
{
	if (OidIsValid(parent) && versioned_cache_get(parent))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("foreign table \"%s\" cannot be a partition of versioned table \"%s\"",
						name, get_rel_name(parent)),
				 errdetail("Its rows can change without this server's knowing.")));
}

/*
 * ATTACH PARTITION, to whatever table: histories stay alone, and a table has
 * one history, its own or that of the partitioned table.
 */
static void
ddl_guard_attached(Oid parent, RangeVar *partition)
{
	Oid			relid = RangeVarGetRelid(partition, AccessExclusiveLock, true);
	List	   *members;
	ListCell   *lc;
	VersionedTable table;

	if (!OidIsValid(relid))
		return;
	if (get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE)
		ddl_guard_foreign(parent, get_rel_name(relid));
	members = find_all_inheritors(relid, AccessExclusiveLock, NULL);
	foreach(lc, members)
		ddl_guard_history(lfirst_oid(lc));
	if (versioned_table_find(relid, &table))
		ddl_refuse("make a partition of", relid,
				   "ALTER TABLE ... DROP SYSTEM VERSIONING and DROP PERIOD FOR SYSTEM_TIME first.");
}

void
ddl_guard_alter(ParseState *pstate, Oid relid, AlterTableStmt *stmt)
{
	const VersionedRelation *versioned = versioned_cache_get(relid);
	VersionedTable table;
	ListCell   *lc;
	bool		is_history;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_AttachPartition)
			ddl_guard_attached(relid, castNode(PartitionCmd, cmd->def)->name);
	}
	if (versioned == NULL)
	{
		char		relkind = get_rel_relkind(relid);

		if (relkind != RELKIND_RELATION)
			return;
		is_history = !IsBinaryUpgrade && ddl_find_history(relid, &table);
		foreach(lc, stmt->cmds)
		{
			AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

			ddl_guard_audit(relid, cmd);
			if (is_history)
				ddl_guard_history_command(relid, &table, cmd);
			else if (cmd->subtype == AT_AddInherit)
			{
				Oid			parent = RangeVarGetRelid((RangeVar *) cmd->def,
													  AccessShareLock, true);

				if (OidIsValid(parent) && versioned_cache_get(parent))
					ddl_refuse("inherit from", parent,
							   "Use a partitioned table.");
				if (OidIsValid(parent))
					ddl_guard_history(parent);
			}
		}
		return;
	}
	foreach(lc, stmt->cmds)
		ddl_guard_command(relid, versioned, lfirst_node(AlterTableCmd, lc));
}

static void
ddl_guard_create(CreateStmt *stmt)
{
	ListCell   *lc;

	if (stmt->partbound != NULL)
		return;
	foreach(lc, stmt->inhRelations)
	{
		Oid			parent = RangeVarGetRelid(lfirst_node(RangeVar, lc),
											  AccessShareLock, true);

		if (OidIsValid(parent) && versioned_cache_get(parent))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot inherit from versioned table \"%s\"",
							get_rel_name(parent)),
					 errhint("Use a partitioned table.")));
		if (OidIsValid(parent))
			ddl_guard_history(parent);
	}
}

/*
 * Does the catalog know the relation, as table, partition or history?  A dump
 * of single tables leaves our triggers behind without it.
 */
static bool
ddl_trigger_is_needed(Oid relid)
{
	VersionedTable table;

	return versioned_table_find(relid, &table) ||
		ddl_find_history(relid, &table) || ddl_find_root(relid, &table);
}

static void
ddl_guard_drop(DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		Oid			relid;

		if (stmt->removeType == OBJECT_TRIGGER)
		{
			List	   *names = list_copy(castNode(List, lfirst(lc)));
			char	   *trigger = strVal(llast(names));

			names = list_truncate(names, list_length(names) - 1);
			relid = RangeVarGetRelid(makeRangeVarFromNameList(names),
									 AccessShareLock, true);
			if (OidIsValid(relid))
				ddl_guard_audit(relid, NULL);
			if (OidIsValid(relid) && ddl_trigger_is_ours(relid, trigger) &&
				ddl_trigger_is_needed(relid) && !temporal_allow_period_writes)
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("cannot drop trigger \"%s\" on table \"%s\"",
								trigger, get_rel_name(relid)),
						 errdetail("Without it the table's history would have holes."),
						 errhint("ALTER TABLE ... DROP SYSTEM VERSIONING and DROP PERIOD FOR SYSTEM_TIME drop it.")));
		}
		else if (stmt->removeType == OBJECT_TABLE)
		{
			RangeVar   *rv = makeRangeVarFromNameList(castNode(List,
															   lfirst(lc)));
			VersionedTable table;

			relid = RangeVarGetRelid(rv, NoLock, true);
			if (!OidIsValid(relid))
				continue;

			/* a restored dump may lack it: see ddl_history_tie() */
			if (versioned_table_find(relid, &table) &&
				OidIsValid(table.history))
				ddl_history_tie(relid, table.history);
		}
	}
}

/*
 * Columns have two names: ALTER TYPE ... RENAME ATTRIBUTE also takes a table,
 * by its row type.
 */
static void
ddl_guard_rename(RenameStmt *stmt)
{
	const VersionedRelation *versioned;
	VersionedTable table;
	AttrNumber	attno;
	Oid			relid;

	if (stmt->relation == NULL ||
		(stmt->renameType != OBJECT_TABLE &&
		 stmt->renameType != OBJECT_COLUMN &&
		 stmt->renameType != OBJECT_ATTRIBUTE &&
		 stmt->renameType != OBJECT_TRIGGER))
		return;

	/* what is renamed as a whole need not be a table, and is not locked here */
	relid = RangeVarGetRelid(stmt->relation,
							 stmt->renameType == OBJECT_TABLE ? NoLock :
							 AccessShareLock, true);
	if (!OidIsValid(relid))
		return;
	ddl_guard_audit(relid, NULL);
	if (stmt->renameType == OBJECT_TABLE)
		return;
	if (stmt->renameType == OBJECT_TRIGGER)
	{
		if (ddl_trigger_is_ours(relid, stmt->subname))
			ddl_refuse("rename the versioning triggers of", relid,
					   "Their names say what they are for.");
		return;
	}
	attno = get_attnum(relid, stmt->subname);
	versioned = versioned_cache_get(relid);
	if (versioned != NULL &&
		(OidIsValid(versioned->history) ||
		 attno == versioned->start_attno || attno == versioned->end_attno))
		ddl_refuse("rename a column of", relid,
				   "ALTER TABLE ... DROP SYSTEM VERSIONING and DROP PERIOD FOR SYSTEM_TIME first.");
	if (ddl_find_history(relid, &table))
		ddl_refuse_history(relid, &table);
}

/*
 * ALTER TRIGGER ... DEPENDS ON EXTENSION: our triggers do not go with others.
 */
static void
ddl_guard_depends(AlterObjectDependsStmt *stmt)
{
	Oid			relid;

	if (stmt->objectType != OBJECT_TRIGGER || stmt->relation == NULL)
		return;
	relid = RangeVarGetRelid(stmt->relation, AccessShareLock, true);
	if (OidIsValid(relid) &&
		ddl_trigger_is_ours(relid,
							strVal(llast(castNode(List, stmt->object)))))
		ddl_refuse("change the triggers of", relid,
				   "ALTER TABLE ... DROP SYSTEM VERSIONING stops versioning.");
}

/*
 * Statements other than ALTER TABLE.
 */
void
ddl_guard_statement(ParseState *pstate, Node *stmt)
{
	Oid			relid;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			ddl_guard_create((CreateStmt *) stmt);
			break;
		case T_DropStmt:
			ddl_guard_drop((DropStmt *) stmt);
			break;
		case T_RenameStmt:
			ddl_guard_rename((RenameStmt *) stmt);
			break;
		case T_AlterObjectDependsStmt:
			ddl_guard_depends((AlterObjectDependsStmt *) stmt);
			break;
		case T_RuleStmt:
			relid = RangeVarGetRelid(((RuleStmt *) stmt)->relation, NoLock,
									 true);
			if (OidIsValid(relid))
				ddl_guard_history(relid);
			break;
		default:
			break;
	}
}
