/*-------------------------------------------------------------------------
 *
 * ddl_triggers.c
 *	  The triggers of versioned tables and of their history
 *
 * Which triggers a relation should have follows from its catalog row and its
 * other triggers (ddl_triggers_wanted()).  ddl_triggers_sync() makes it so,
 * whatever was there before, for a table and all its partitions; it is called
 * after everything that may change the answer.
 *
 * Partitions have statement triggers of their own because a statement fires
 * those of the relation it names.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"
#include "ddl/ddl.h"

typedef struct TriggerPlan
{
	const char *name;
	ExtensionFunction function;
	int16		timing;			/* TRIGGER_TYPE_BEFORE or _AFTER */
	int16		events;
	bool		row;
	bool		old_table;
	bool		new_table;
	char		fires;			/* TRIGGER_FIRES_... */
} TriggerPlan;

static const TriggerPlan protect_triggers[] = {
	{"temporal_protect_history", FUNCTION_PROTECT_HISTORY,
		TRIGGER_TYPE_BEFORE,
		TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE |
		TRIGGER_TYPE_TRUNCATE,
	false, false, false, TRIGGER_FIRES_ALWAYS},
	{"temporal_replicated_history", FUNCTION_PROTECT_HISTORY,
		TRIGGER_TYPE_AFTER, TRIGGER_TYPE_INSERT, true, false, false,
	TRIGGER_FIRES_ON_REPLICA},
};

#define MAX_TABLE_TRIGGERS 6

static void
trigger_create(Oid relid, const TriggerPlan *plan)
{
	CreateTrigStmt *stmt = makeNode(CreateTrigStmt);
	ObjectAddress address;

	stmt->trigname = pstrdup(plan->name);
	stmt->relation = makeRangeVar(get_namespace_name(get_rel_namespace(relid)),
								  get_rel_name(relid), -1);
	stmt->row = plan->row;
	stmt->timing = plan->timing;
	stmt->events = plan->events;
	if (plan->old_table)
	{
		TriggerTransition *old = makeNode(TriggerTransition);

		old->name = "replaced_rows";
		old->isNew = false;
		old->isTable = true;
		stmt->transitionRels = lappend(stmt->transitionRels, old);
	}
	if (plan->new_table)
	{
		TriggerTransition *new = makeNode(TriggerTransition);

		new->name = "replacing_rows";
		new->isNew = true;
		new->isTable = true;
		stmt->transitionRels = lappend(stmt->transitionRels, new);
	}
	address = CreateTriggerFiringOn(stmt, NULL, relid, InvalidOid, InvalidOid,
									InvalidOid,
									extension_function(plan->function),
									InvalidOid, NULL, false, false,
									plan->fires);
	Assert(OidIsValid(address.objectId));
	(void) address;
	CommandCounterIncrement();
}

static void
trigger_drop(Oid trigger)
{
	ObjectAddress address;

	ObjectAddressSet(address, TriggerRelationId, trigger);
	performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
	CommandCounterIncrement();
}

static bool
trigger_function_is_ours(Oid function)
{
	return OidIsValid(function) &&
		(function == extension_function(FUNCTION_CAPTURE_STATEMENT) ||
		 function == extension_function(FUNCTION_CAPTURE_ROW) ||
		 function == extension_function(FUNCTION_GUARD_ROW) ||
		 function == extension_function(FUNCTION_PROTECT_HISTORY));
}

/*
 * Is it the trigger that the plan would make?  Somebody else may have made one
 * of that name, which fires at other times, or never.
 */
static bool
trigger_matches(const Trigger *trigger, const TriggerPlan *plan)
{
	int16		type = plan->timing | plan->events |
		(plan->row ? TRIGGER_TYPE_ROW : 0);

	return strcmp(trigger->tgname, plan->name) == 0 &&
		trigger->tgfoid == extension_function(plan->function) &&
		trigger->tgtype == type && trigger->tgenabled == plan->fires &&
		trigger->tgqual == NULL && trigger->tgnattr == 0 &&
		(trigger->tgoldtable != NULL) == plan->old_table &&
		(trigger->tgnewtable != NULL) == plan->new_table;
}

/*
 * Is it a BEFORE trigger of a user that could set the period columns?  The
 * guard must fire after it.
 */
static bool
trigger_may_set_period(Relation rel, const Trigger *trigger)
{
	if (trigger_function_is_ours(trigger->tgfoid) ||
		!TRIGGER_FOR_ROW(trigger->tgtype) ||
		!TRIGGER_FOR_BEFORE(trigger->tgtype) ||
		!(TRIGGER_FOR_INSERT(trigger->tgtype) ||
		  TRIGGER_FOR_UPDATE(trigger->tgtype)))
		return false;
	if (strcmp(trigger->tgname, DDL_GUARD_TRIGGER) >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("trigger \"%s\" of versioned table \"%s\" would fire after the guard of the period columns",
						trigger->tgname, RelationGetRelationName(rel)),
				 errhint("Choose a name that sorts before \"%s\".",
						 DDL_GUARD_TRIGGER)));
	return true;
}

/*
 * The name of a stored generated column that reads the column; NULL if there
 * is none.
 */
static const char *
trigger_generated_from(Relation rel, const char *column)
{
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), column);

	if (desc->constr == NULL || !desc->constr->has_generated_stored)
		return NULL;
	for (int i = 0; i < desc->constr->num_defval; i++)
	{
		const AttrDefault *def = &desc->constr->defval[i];
		Form_pg_attribute att = TupleDescAttr(desc, def->adnum - 1);
		Bitmapset  *read = NULL;

		if (att->attgenerated != ATTRIBUTE_GENERATED_STORED)
			continue;
		pull_varattnos(stringToNode(def->adbin), 1, &read);
		if (bms_is_member(attno - FirstLowInvalidHeapAttributeNumber, read))
			return NameStr(att->attname);
	}
	return NULL;
}

/*
 * A version is its row with another end.  What is generated from the end would
 * stay as it was while the row was current: wrong for ever, and no one told.
 */
static void
trigger_check_generated(Relation rel, const VersionedTable *table)
{
	const char *generated;

	if (!OidIsValid(table->history))
		return;
	generated = trigger_generated_from(rel, NameStr(table->end_column));
	if (generated != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("generated column \"%s\" of versioned table \"%s\" cannot depend on period column \"%s\"",
						generated, RelationGetRelationName(rel),
						NameStr(table->end_column)),
				 errdetail("It would be stored while the row is current, and not change when the period ends."),
				 errhint("Use the expression itself, in a view or an index.")));
}

/*
 * Could anything but us set the period columns of a row, or must rows be
 * compared?  Or is something generated from the start: PostgreSQL does so
 * where the user assigns to it, or where there is a BEFORE trigger.
 */
static bool
trigger_guard_wanted(Relation rel, const VersionedTable *table)
{
	TriggerDesc *desc = rel->trigdesc;
	bool		wanted = trigger_generated_from(rel,
												NameStr(table->start_column)) != NULL;

	for (int i = 0; desc != NULL && i < desc->numtriggers; i++)
		wanted |= trigger_may_set_period(rel, &desc->triggers[i]);
	if (wanted || table->skip_unchanged || table->exclude_columns != NIL)
		return true;
	if (versioned_is_subscribed(RelationGetRelid(rel)))
		return true;
	if (rel->rd_rel->relispartition)
	{
		ListCell   *lc;

		foreach(lc, get_partition_ancestors(RelationGetRelid(rel)))
		{
			if (versioned_is_subscribed(lfirst_oid(lc)))
				return true;
		}
	}

	return false;
}

/*
 * The triggers a versioned relation should have; returns their number.
 */
static int
ddl_triggers_wanted(Relation rel, const VersionedTable *table,
					TriggerPlan *plans)
{
	bool		exclude = table->exclude_columns != NIL;
	int			n = 0;

	trigger_check_generated(rel, table);
	plans[n++] = (TriggerPlan)
	{
		"temporal_capture_insert", FUNCTION_CAPTURE_STATEMENT,
			TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_INSERT, false, false, false,
			TRIGGER_FIRES_ALWAYS
	};
	plans[n++] = (TriggerPlan)
	{
		"temporal_capture_update", FUNCTION_CAPTURE_STATEMENT,
			TRIGGER_TYPE_AFTER, TRIGGER_TYPE_UPDATE, false, true, exclude,
			TRIGGER_FIRES_ON_ORIGIN
	};
	plans[n++] = (TriggerPlan)
	{
		"temporal_capture_delete", FUNCTION_CAPTURE_STATEMENT,
			TRIGGER_TYPE_AFTER, TRIGGER_TYPE_DELETE, false, true, false,
			TRIGGER_FIRES_ON_ORIGIN
	};
	plans[n++] = (TriggerPlan)
	{
		"temporal_capture_truncate", FUNCTION_CAPTURE_STATEMENT,
			TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_TRUNCATE, false, false, false,
			TRIGGER_FIRES_ALWAYS
	};
	if (rel->rd_rel->relkind != RELKIND_RELATION)
		return n;

	plans[n++] = (TriggerPlan)
	{
		"temporal_capture_replica", FUNCTION_CAPTURE_ROW,
			TRIGGER_TYPE_AFTER, TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE,
			true, false, false, TRIGGER_FIRES_ON_REPLICA
	};
	if (trigger_guard_wanted(rel, table))
		plans[n++] = (TriggerPlan)
		{
			DDL_GUARD_TRIGGER, FUNCTION_GUARD_ROW,
				TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE,
				true, false, false, TRIGGER_FIRES_ALWAYS
		};
	return n;
}

/*
 * Makes the relation's triggers of ours those of the plans.
 */
static void
ddl_triggers_make(Oid relid, const TriggerPlan *plans, int nplans)
{
	Relation	rel = table_open(relid, ShareRowExclusiveLock);
	bool		present[MAX_TABLE_TRIGGERS] = {false};
	List	   *surplus = NIL;
	ListCell   *lc;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];
		bool		wanted = false;

		if (!trigger_function_is_ours(trigger->tgfoid))
			continue;
		for (int p = 0; p < nplans && !wanted; p++)
		{
			wanted = trigger_matches(trigger, &plans[p]);
			present[p] |= wanted;
		}
		if (!wanted)
			surplus = lappend_oid(surplus, trigger->tgoid);
	}
	table_close(rel, NoLock);

	foreach(lc, surplus)
		trigger_drop(lfirst_oid(lc));
	for (int p = 0; p < nplans; p++)
	{
		if (!present[p])
			trigger_create(relid, &plans[p]);
	}
}

static void
ddl_triggers_sync_relation(Oid relid, const VersionedTable *table)
{
	Relation	rel = table_open(relid, ShareRowExclusiveLock);
	TriggerPlan plans[MAX_TABLE_TRIGGERS];
	int			nplans = ddl_triggers_wanted(rel, table, plans);

	table_close(rel, NoLock);
	ddl_triggers_make(relid, plans, nplans);
}

/*
 * Gives the table and its partitions the triggers they should have.
 */
void
ddl_triggers_sync(Oid relid, const VersionedTable *table)
{
	List	   *members = find_all_inheritors(relid, ShareRowExclusiveLock,
											  NULL);
	ListCell   *lc;

	foreach(lc, members)
		ddl_triggers_sync_relation(lfirst_oid(lc), table);
	list_free(members);
}

/*
 * Drops all our triggers of one relation.
 */
static void
ddl_triggers_drop_relation(Oid relid)
{
	Relation	rel = table_open(relid, AccessExclusiveLock);
	List	   *ours = NIL;
	ListCell   *lc;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		if (trigger_function_is_ours(rel->trigdesc->triggers[i].tgfoid))
			ours = lappend_oid(ours, rel->trigdesc->triggers[i].tgoid);
	}
	table_close(rel, NoLock);
	foreach(lc, ours)
		trigger_drop(lfirst_oid(lc));
}

void
ddl_triggers_drop(Oid relid)
{
	List	   *members = find_all_inheritors(relid, AccessExclusiveLock, NULL);
	ListCell   *lc;

	foreach(lc, members)
		ddl_triggers_drop_relation(lfirst_oid(lc));
	list_free(members);
}

void
ddl_triggers_protect(Oid history)
{
	ddl_triggers_make(history, protect_triggers, lengthof(protect_triggers));
}

/*
 * The way a trigger of ours fires, by its name; 0 if we have none so called.
 */
static char
ddl_trigger_fires(const char *name)
{
	if (strcmp(name, "temporal_capture_insert") == 0 ||
		strcmp(name, "temporal_capture_truncate") == 0 ||
		strcmp(name, DDL_GUARD_TRIGGER) == 0 ||
		strcmp(name, "temporal_protect_history") == 0)
		return TRIGGER_FIRES_ALWAYS;
	if (strcmp(name, "temporal_capture_replica") == 0 ||
		strcmp(name, "temporal_replicated_history") == 0)
		return TRIGGER_FIRES_ON_REPLICA;
	if (strcmp(name, "temporal_capture_update") == 0 ||
		strcmp(name, "temporal_capture_delete") == 0)
		return TRIGGER_FIRES_ON_ORIGIN;
	return 0;
}

/*
 * Our functions are for our triggers: another would capture a second time.
 */
void
ddl_trigger_check_name(const char *name)
{
	if (ddl_trigger_fires(name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot create trigger \"%s\"", name),
				 errdetail("Its function belongs to the versioning of tables."),
				 errhint("ALTER TABLE ... ADD SYSTEM VERSIONING creates the triggers it needs.")));
}

/*
 * Makes our triggers of one relation fire as their names say.
 */
void
ddl_triggers_reset_firing(Oid relid)
{
	Relation	rel = table_open(relid, ShareRowExclusiveLock);
	List	   *cmds = NIL;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];
		char		fires = ddl_trigger_fires(trigger->tgname);
		AlterTableCmd *cmd;

		if (!trigger_function_is_ours(trigger->tgfoid) ||
			fires == trigger->tgenabled ||
			(fires != TRIGGER_FIRES_ALWAYS && fires != TRIGGER_FIRES_ON_REPLICA))
			continue;
		cmd = makeNode(AlterTableCmd);
		cmd->subtype = fires == TRIGGER_FIRES_ALWAYS ? AT_EnableAlwaysTrig :
			AT_EnableReplicaTrig;
		cmd->name = pstrdup(trigger->tgname);
		cmds = lappend(cmds, cmd);
	}
	table_close(rel, NoLock);
	if (cmds != NIL)
		ddl_alter_table(relid, cmds);
}

/*
 * pg_dump says in a statement of its own when a trigger fires; that is fine
 * as long as it is what we would say.
 */
bool
ddl_trigger_may_become(const AlterTableCmd *cmd)
{
	switch (cmd->subtype)
	{
		case AT_EnableAlwaysTrig:
			return ddl_trigger_fires(cmd->name) == TRIGGER_FIRES_ALWAYS;
		case AT_EnableReplicaTrig:
			return ddl_trigger_fires(cmd->name) == TRIGGER_FIRES_ON_REPLICA;
		default:
			return false;
	}
}

bool
ddl_trigger_function_is_ours(List *funcname)
{
	Oid			function = LookupFuncName(funcname, 0, NULL, true);

	return OidIsValid(function) && trigger_function_is_ours(function);
}

void
ddl_triggers_unprotect(Oid history)
{
	ddl_triggers_drop_relation(history);
}

bool
ddl_trigger_is_ours(Oid relid, const char *name)
{
	Relation	rel = table_open(relid, AccessShareLock);
	bool		ours = false;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (strcmp(trigger->tgname, name) == 0)
			ours = trigger_function_is_ours(trigger->tgfoid);
	}
	table_close(rel, AccessShareLock);
	return ours;
}
