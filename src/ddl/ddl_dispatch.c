/*-------------------------------------------------------------------------
 *
 * ddl_dispatch.c
 *	  Where utility statements meet versioning
 *
 * The ProcessUtility hook sees every utility statement, whoever issues it.
 * For those that concern versioned tables it
 *
 *	1. takes our options out (ddl_options.c), so that PostgreSQL never sees
 *	   them,
 *	2. refuses what would lose history (ddl_guard.c),
 *	3. runs the statement,
 *	4. does what the options ask for (ddl_versioning.c), and keeps history and
 *	   triggers in step with what the statement changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/session_time.h"
#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"
#include "ddl/ddl.h"
#include "history/history_access.h"
#include "history/history_reach.h"

/* Everything a utility hook is called with, to be handed on */
typedef struct UtilityCall
{
	PlannedStmt *pstmt;
	const char *queryString;
	bool		readOnlyTree;
	ProcessUtilityContext context;
	ParamListInfo params;
	QueryEnvironment *queryEnv;
	DestReceiver *dest;
	QueryCompletion *qc;
} UtilityCall;

static ProcessUtility_hook_type prev_process_utility_hook = NULL;

/* Our own statements under way, and utility statements under way */
static int	internal_depth = 0;
static int	utility_depth = 0;

static void ddl_process_utility(PlannedStmt *pstmt, const char *queryString,
								bool readOnlyTree,
								ProcessUtilityContext context,
								ParamListInfo params,
								QueryEnvironment *queryEnv,
								DestReceiver *dest, QueryCompletion *qc);

static void
ddl_end_transaction(XactEvent event, void *arg)
{
	/* A DO block may commit what it dropped */
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		ddl_drop_check();
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
	{
		internal_depth = 0;
		utility_depth = 0;
		ddl_drop_forget();
	}
}

void
ddl_init(void)
{
	prev_process_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = ddl_process_utility;
	ddl_drop_init();
	RegisterXactCallback(ddl_end_transaction, NULL);
}

bool
ddl_is_internal(void)
{
	return internal_depth > 0;
}

void
ddl_alter_table(Oid relid, List *cmds)
{
	AlterTableStmt *stmt = makeNode(AlterTableStmt);
	PlannedStmt *wrapper = makeNode(PlannedStmt);

	stmt->relation = makeRangeVar(get_namespace_name(get_rel_namespace(relid)),
								  get_rel_name(relid), -1);
	stmt->cmds = cmds;
	stmt->objtype = OBJECT_TABLE;
	wrapper->commandType = CMD_UTILITY;
	wrapper->utilityStmt = (Node *) stmt;
	wrapper->stmt_location = -1;

	internal_depth++;
	PG_TRY();
	{
		ProcessUtility(wrapper, "", false, PROCESS_UTILITY_SUBCOMMAND, NULL,
					   NULL, None_Receiver, NULL);
	}
	PG_FINALLY();
	{
		internal_depth--;
	}
	PG_END_TRY();
	CommandCounterIncrement();
}

static void
ddl_run(UtilityCall *call)
{
	if (prev_process_utility_hook)
		prev_process_utility_hook(call->pstmt, call->queryString,
								  call->readOnlyTree, call->context,
								  call->params, call->queryEnv, call->dest,
								  call->qc);
	else
		standard_ProcessUtility(call->pstmt, call->queryString,
								call->readOnlyTree, call->context,
								call->params, call->queryEnv, call->dest,
								call->qc);
}

/*
 * A copy of the statement that we may change; the original may be cached.
 */
static Node *
ddl_own_statement(UtilityCall *call)
{
	call->pstmt = copyObject(call->pstmt);
	call->readOnlyTree = false;
	return call->pstmt->utilityStmt;
}

static bool
ddl_has_options(List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		const DefElem *def = lfirst(lc);

		if (IsA(def, DefElem) && def->defnamespace != NULL &&
			strcmp(def->defnamespace, "temporal") == 0)
			return true;
	}
	return false;
}

static void
ddl_create_table(ParseState *pstate, UtilityCall *call)
{
	CreateStmt *stmt = castNode(CreateStmt, call->pstmt->utilityStmt);
	VersioningRequest request;
	bool		exists;

	ddl_request_init(&request);
	ddl_guard_statement(pstate, (Node *) stmt);
	if (ddl_has_options(stmt->options))
	{
		stmt = castNode(CreateStmt, ddl_own_statement(call));
		ddl_options_extract(pstate, &stmt->options, false, &request);
		ddl_prepare_create(pstate, stmt, &request);
	}
	if (history_access_is_meant(stmt))
	{
		/* a dump says so of a history; the new table has no segments */
		stmt = castNode(CreateStmt, ddl_own_statement(call));
		stmt->accessMethod = pstrdup("heap");
	}
	if (!request.any && stmt->partbound == NULL)
	{
		ddl_run(call);
		return;
	}

	/* IF NOT EXISTS: what exists is left as it is */
	exists = stmt->if_not_exists &&
		OidIsValid(RangeVarGetRelid(stmt->relation, NoLock, true));
	ddl_run(call);
	if (exists)
		return;
	CommandCounterIncrement();
	if (request.any)
		ddl_apply_request(pstate,
						  RangeVarGetRelid(stmt->relation,
										   AccessExclusiveLock, false),
						  &request, true);
	else
		ddl_adopt_partition(RangeVarGetRelid(stmt->relation, NoLock, true));
}

/*
 * While the session reads another time, nothing is written to a table with a
 * history, and none begins.
 */
static void
ddl_check_session_time(const char *command, RangeVar *relation,
					   const VersioningRequest *request)
{
	if (session_time_is_set && request->versioning != OPTION_UNSET)
		session_time_refuse_write(command, relation->relname);
}

static void
ddl_create_table_as(ParseState *pstate, UtilityCall *call)
{
	CreateTableAsStmt *stmt = castNode(CreateTableAsStmt,
									   call->pstmt->utilityStmt);
	VersioningRequest request;
	bool		exists;

	if (!ddl_has_options(stmt->into->options))
	{
		ddl_run(call);
		return;
	}
	ddl_request_init(&request);
	stmt = castNode(CreateTableAsStmt, ddl_own_statement(call));
	ddl_options_extract(pstate, &stmt->into->options, false, &request);
	if (stmt->objtype != OBJECT_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("materialized views cannot be system-versioned"),
				 parser_errposition(pstate, request.versioning_location)));
	ddl_check_session_time("CREATE TABLE AS", stmt->into->rel, &request);
	exists = stmt->if_not_exists &&
		OidIsValid(RangeVarGetRelid(stmt->into->rel, NoLock, true));
	ddl_run(call);
	if (exists)
		return;
	CommandCounterIncrement();
	ddl_apply_request(pstate,
					  RangeVarGetRelid(stmt->into->rel, AccessExclusiveLock,
									   false),
					  &request, false);
}

static void
ddl_create_foreign_table(ParseState *pstate, UtilityCall *call)
{
	CreateForeignTableStmt *stmt = castNode(CreateForeignTableStmt,
											call->pstmt->utilityStmt);

	if (ddl_has_options(stmt->base.options))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("foreign table \"%s\" cannot be system-versioned",
						stmt->base.relation->relname),
				 errdetail("Its rows can change without this server's knowing."),
				 parser_errposition(pstate, stmt->base.relation->location)));
	if (stmt->base.partbound != NULL)
		ddl_guard_foreign(RangeVarGetRelid(linitial_node(RangeVar,
														 stmt->base.inhRelations),
										   AccessShareLock, true),
						  stmt->base.relation->relname);
	ddl_guard_statement(pstate, (Node *) &stmt->base);
	ddl_run(call);
}

/*
 * After ALTER TABLE on a versioned table: the history follows the owner and
 * the row-level security, a new primary key becomes an index of the history,
 * and triggers that were enabled wholesale get their own way of firing back.
 */
static void
ddl_after_alter(Oid relid, List *cmds)
{
	VersionedTable table;
	Relation	rel;

	CommandCounterIncrement();
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return;
	if (!versioned_table_find(relid, &table))
	{
		if (ddl_find_root(relid, &table))
			ddl_triggers_sync(relid, &table);
		return;
	}
	rel = table_open(relid, ShareRowExclusiveLock);
	if (OidIsValid(table.history))
	{
		Relation	history = table_open(table.history, ShareRowExclusiveLock);
		bool		moved = history->rd_rel->relowner != rel->rd_rel->relowner;

		table_close(history, NoLock);
		if (moved)
			ATExecChangeOwner(table.history, rel->rd_rel->relowner, true,
							  AccessExclusiveLock);
		ddl_history_follow(rel, &table, cmds);
	}
	table_close(rel, NoLock);
	if (cmds != NIL)
		ddl_check_retention(relid);
	ddl_triggers_sync(relid, &table);
}

/*
 * ENABLE TRIGGER ALL or USER makes all triggers fire in the same way; ours go
 * back to their own, whatever is known of the table yet.
 */
static void
ddl_after_enable_all(Oid relid, List *cmds)
{
	ListCell   *lc;

	foreach(lc, cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_EnableTrigAll ||
			cmd->subtype == AT_EnableTrigUser)
		{
			CommandCounterIncrement();
			ddl_triggers_reset_firing(relid);
		}
	}
}

/*
 * Takes our options out of the sub-commands; sub-commands that are left with
 * nothing to do go.
 */
static void
ddl_extract_from_commands(ParseState *pstate, AlterTableStmt *stmt,
						  VersioningRequest *request)
{
	List	   *rest = NIL;
	ListCell   *lc;
	List	   *options = NIL;
	List	   *resets = NIL;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		bool		set = cmd->subtype == AT_SetRelOptions;

		if ((set || cmd->subtype == AT_ResetRelOptions) &&
			ddl_has_options((List *) cmd->def))
		{
			List	   *others = NIL;
			ListCell   *lc2;

			foreach(lc2, (List *) cmd->def)
			{
				if (!ddl_has_options(list_make1(lfirst(lc2))))
					others = lappend(others, lfirst(lc2));
				else if (set)
					options = lappend(options, lfirst(lc2));
				else
					resets = lappend(resets, lfirst(lc2));
			}
			if (others == NIL)
				continue;
			cmd->def = (Node *) others;
		}
		rest = lappend(rest, cmd);
	}
	stmt->cmds = rest;
	ddl_options_extract(pstate, &options, false, request);
	ddl_options_extract(pstate, &resets, true, request);
}

static bool
ddl_commands_have_options(List *cmds)
{
	ListCell   *lc;

	foreach(lc, cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if ((cmd->subtype == AT_SetRelOptions ||
			 cmd->subtype == AT_ResetRelOptions) &&
			ddl_has_options((List *) cmd->def))
			return true;
	}
	return false;
}

static void
ddl_alter_table_statement(ParseState *pstate, UtilityCall *call)
{
	AlterTableStmt *stmt = castNode(AlterTableStmt, call->pstmt->utilityStmt);
	VersioningRequest request;
	bool		early;
	bool		live;
	int			present;
	Oid			relid;
	LOCKMODE	lockmode;
	List	   *partitions;
	ListCell   *lc;

	ddl_request_init(&request);
	if (ddl_commands_have_options(stmt->cmds))
	{
		stmt = castNode(AlterTableStmt, ddl_own_statement(call));
		ddl_extract_from_commands(pstate, stmt, &request);
	}
	partitions = ddl_named_partitions(stmt->cmds);

	/* The lock the statement takes, so that what is checked stays true */
	lockmode = AlterTableGetLockLevel(stmt->cmds);
	if (request.any)
		lockmode = AccessExclusiveLock;
	relid = RangeVarGetRelidExtended(stmt->relation, lockmode,
									 RVR_MISSING_OK,
									 RangeVarCallbackOwnsRelation, NULL);
	if (!OidIsValid(relid))
	{
		if (stmt->cmds != NIL)
			ddl_run(call);		/* says so, or says it is skipped */
		else if (stmt->missing_ok)
			ereport(NOTICE,
					(errmsg("relation \"%s\" does not exist, skipping",
							stmt->relation->relname)));
		else
			(void) RangeVarGetRelid(stmt->relation, NoLock, false);
		return;
	}
	if (request.any && stmt->objtype != OBJECT_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", stmt->relation->relname)));
	ddl_check_session_time("ALTER TABLE", stmt->relation, &request);

	/*
	 * While a dump is being restored, the catalog row is there before the
	 * triggers are: the dump brings everything itself.
	 */
	live = request.any || versioned_cache_get(relid) != NULL;

	/*
	 * What is switched off no longer forbids anything to the same statement.
	 * If nothing is left to do, it is run nevertheless, for event triggers and
	 * other hooks to see it.
	 */
	early = request.versioning == OPTION_OFF || request.drop_period ||
		(request.any && stmt->cmds == NIL);
	if (early)
	{
		ddl_apply_request(pstate, relid, &request, false);
		CommandCounterIncrement();
	}
	if (!ddl_is_internal())
		ddl_guard_alter(pstate, relid, stmt);

	/* Queries that validate constraints read what is there */
	present = session_time_begin_present();
	ddl_run(call);
	session_time_end_present(present);
	if (ddl_is_internal())
		return;
	if (request.any && !early)
		ddl_apply_request(pstate, relid, &request, false);
	if (live)
		ddl_after_alter(relid, stmt->cmds);
	else
		ddl_after_enable_all(relid, stmt->cmds);
	foreach(lc, partitions)
		ddl_after_partition(RangeVarGetRelid(lfirst_node(RangeVar, lc),
											 NoLock, true));
}

/*
 * Event triggers are to see what the statement drops outside of PostgreSQL's
 * own share of it.
 */
static void
ddl_alter_table_events(ParseState *pstate, UtilityCall *call)
{
	bool		tracked = call->context != PROCESS_UTILITY_SUBCOMMAND &&
		EventTriggerBeginCompleteQuery();

	PG_TRY();
	{
		ddl_alter_table_statement(pstate, call);
		if (tracked)
			EventTriggerSQLDrop(call->pstmt->utilityStmt);
	}
	PG_FINALLY();
	{
		if (tracked)
			EventTriggerEndCompleteQuery();
	}
	PG_END_TRY();
}

/*
 * A trigger came or went: the guard may be needed now, or no longer.
 */
static void
ddl_after_trigger(RangeVar *relation)
{
	Oid			relid = RangeVarGetRelid(relation, NoLock, true);
	const VersionedRelation *versioned;
	VersionedTable table;

	CommandCounterIncrement();
	if (!OidIsValid(relid))
		return;
	versioned = versioned_cache_get(relid);
	if (versioned != NULL && versioned_table_find(versioned->root, &table))
		ddl_triggers_sync(versioned->root, &table);
}

/*
 * CREATE TRIGGER.  One of ours is created by name only when a dump is
 * restored: it is left to be if it is there already, and what a dump does not
 * carry is made up for.
 */
static void
ddl_create_trigger(UtilityCall *call)
{
	CreateTrigStmt *stmt = castNode(CreateTrigStmt, call->pstmt->utilityStmt);
	Oid			relid = RangeVarGetRelid(stmt->relation,
										 ShareRowExclusiveLock, true);
	VersionedTable table;

	if (ddl_is_internal() || !OidIsValid(relid) || !extension_is_created())
		ddl_run(call);
	else if (!ddl_trigger_function_is_ours(stmt->funcname))
	{
		ddl_guard_history(relid);
		ddl_run(call);
		ddl_after_trigger(stmt->relation);
	}
	else
	{
		Oid			root = versioned_partition_root(relid);

		ddl_trigger_check_name(stmt->trigname);
		if (!ddl_trigger_is_ours(relid, stmt->trigname))
			ddl_run(call);
		CommandCounterIncrement();
		if (versioned_table_find(root, &table) && OidIsValid(table.history))
		{
			/* once a table, so that parallel workers stay out of their way */
			if (relid == root &&
				strcmp(stmt->trigname, "temporal_capture_update") == 0)
				ddl_history_tie(table.relation, table.history);
			history_reach_advance(table.history, END_TIMESTAMP);
		}
		else if (versioned_table_find_by_history(relid, &table))
			history_reach_advance(relid, END_TIMESTAMP);
	}
}

/*
 * Tables became targets of logical replication, or are none any more: the
 * apply worker sets columns as it likes, so that they need the guard.
 */
static void
ddl_after_subscription(void)
{
	List	   *tables;
	ListCell   *lc;

	/* DROP SUBSCRIPTION may have ended the transaction block's work */
	if (!IsTransactionState() || !extension_is_created())
		return;
	CommandCounterIncrement();
	tables = versioned_table_list();
	foreach(lc, tables)
	{
		VersionedTable table;
		Oid			relid = lfirst_oid(lc);

		LockRelationOid(relid, ShareRowExclusiveLock);
		if (!versioned_table_find(relid, &table))
			continue;
		ddl_triggers_sync(relid, &table);
		CacheInvalidateRelcacheByRelid(relid);
	}
}

/*
 * CREATE INDEX.  A dump that is restored in parallel may add the primary key
 * when the table is versioned already, which makes the history's index; the
 * dump's own statement for it then has nothing left to do.
 */
static void
ddl_create_index(UtilityCall *call)
{
	IndexStmt  *stmt = castNode(IndexStmt, call->pstmt->utilityStmt);
	VersionedTable table;
	Oid			relid;
	Oid			index;

	if (extension_is_created())
	{
		relid = RangeVarGetRelid(stmt->relation, NoLock, true);
		index = OidIsValid(relid) && stmt->idxname != NULL ?
			get_relname_relid(stmt->idxname, get_rel_namespace(relid)) :
			InvalidOid;
		if (OidIsValid(index) &&
			versioned_table_find_by_history(relid, &table) &&
			IndexGetRelation(index, true) == relid)
		{
			ereport(NOTICE,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("relation \"%s\" already exists, skipping",
							stmt->idxname)));
			return;
		}
		if (stmt->unique && OidIsValid(relid))
			ddl_guard_history(relid);
	}
	ddl_run(call);
}

static void
ddl_drop_statement(ParseState *pstate, UtilityCall *call)
{
	DropStmt   *stmt = castNode(DropStmt, call->pstmt->utilityStmt);
	ListCell   *lc;

	ddl_guard_statement(pstate, (Node *) stmt);
	ddl_run(call);
	if (stmt->removeType != OBJECT_TRIGGER)
		return;
	foreach(lc, stmt->objects)
	{
		List	   *names = castNode(List, lfirst(lc));

		names = list_truncate(list_copy(names), list_length(names) - 1);
		ddl_after_trigger(makeRangeVarFromNameList(names));
	}
}

static void
ddl_dispatch(UtilityCall *call)
{
	Node	   *stmt = call->pstmt->utilityStmt;
	ParseState *pstate;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
		case T_CreateTableAsStmt:
		case T_CreateForeignTableStmt:
		case T_AlterTableStmt:
		case T_CreateTrigStmt:
		case T_DropStmt:
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
		case T_RuleStmt:
		case T_AlterObjectDependsStmt:
			break;
		case T_IndexStmt:
			ddl_create_index(call);
			return;
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
		case T_DropSubscriptionStmt:
			ddl_run(call);
			ddl_after_subscription();
			return;
		default:
			ddl_run(call);
			return;
	}

	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = call->queryString;
	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			ddl_create_table(pstate, call);
			break;
		case T_CreateTableAsStmt:
			ddl_create_table_as(pstate, call);
			break;
		case T_CreateForeignTableStmt:
			ddl_create_foreign_table(pstate, call);
			break;
		case T_AlterTableStmt:
			ddl_alter_table_events(pstate, call);
			break;
		case T_CreateTrigStmt:
			ddl_create_trigger(call);
			break;
		case T_DropStmt:
			ddl_drop_statement(pstate, call);
			break;
		case T_RenameStmt:
			ddl_guard_statement(pstate, stmt);
			ddl_run(call);
			if (castNode(RenameStmt, stmt)->renameType == OBJECT_TRIGGER)
				ddl_after_trigger(castNode(RenameStmt, stmt)->relation);
			else if (castNode(RenameStmt, stmt)->renameType == OBJECT_COLUMN ||
					 castNode(RenameStmt, stmt)->renameType == OBJECT_ATTRIBUTE)
				ddl_check_retention(RangeVarGetRelid(castNode(RenameStmt, stmt)->relation,
													 NoLock, true));
			break;
		default:
			ddl_guard_statement(pstate, stmt);
			ddl_run(call);
			break;
	}
	free_parsestate(pstate);
}

/*
 * Statements that come in thousands a second and can neither define nor drop
 * anything.
 */
static bool
ddl_is_frequent(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_TransactionStmt:
		case T_PrepareStmt:
		case T_ExecuteStmt:
		case T_DeclareCursorStmt:
		case T_FetchStmt:
		case T_ClosePortalStmt:
		case T_VariableSetStmt:
		case T_VariableShowStmt:
			return true;
		default:
			return false;
	}
}

static void
ddl_process_utility(PlannedStmt *pstmt, const char *queryString,
					bool readOnlyTree, ProcessUtilityContext context,
					ParamListInfo params, QueryEnvironment *queryEnv,
					DestReceiver *dest, QueryCompletion *qc)
{
	UtilityCall call = {
		pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc
	};

	if (!IsTransactionState() || ddl_is_frequent(pstmt->utilityStmt))
	{
		ddl_run(&call);
		return;
	}
	utility_depth++;
	PG_TRY();
	{
		ddl_dispatch(&call);
		if (utility_depth == 1)
			ddl_drop_check();
	}
	PG_FINALLY();
	{
		/* the end of a transaction has reset it */
		if (utility_depth > 0)
			utility_depth--;
		if (utility_depth == 0)
			ddl_drop_forget();
	}
	PG_END_TRY();
}
