/*-------------------------------------------------------------------------
 *
 * maintenance_database.c
 *	  Databases that come and go, and workers that must not be in the way
 *
 * DROP DATABASE, ALTER DATABASE ... RENAME and SET TABLESPACE, and CREATE
 * DATABASE ... TEMPLATE refuse to work, after some seconds, while anybody is
 * connected to the database.  PostgreSQL ends autovacuum's workers for them;
 * ours leave because the statement is seen before it is executed, and who may
 * issue it bars the database (maintenance_board.c).
 *
 * CREATE EXTENSION temporal is news for the launcher, once it is committed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "maintenance/maintenance.h"
#include "maintenance/maintenance_board.h"
#include "temporal.h"

static ProcessUtility_hook_type prev_process_utility_hook = NULL;
static bool announce_at_commit = false;

static void maintenance_process_utility(PlannedStmt *pstmt,
										const char *queryString,
										bool readOnlyTree,
										ProcessUtilityContext context,
										ParamListInfo params,
										QueryEnvironment *queryEnv,
										DestReceiver *dest,
										QueryCompletion *qc);

static void
database_xact_callback(XactEvent event, void *arg)
{
	if (!announce_at_commit)
		return;
	if (event == XACT_EVENT_COMMIT)
		board_announce(MyDatabaseId);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		announce_at_commit = false;
}

void
maintenance_database_init(void)
{
	prev_process_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = maintenance_process_utility;
	RegisterXactCallback(database_xact_callback, NULL);
}

/*
 * The database that CREATE DATABASE copies.
 */
static const char *
database_template(const CreatedbStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return "template1";
}

static bool
database_has_option(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
			return true;
	}
	return false;
}

/*
 * The database that the statement wants for itself; NULL if none.
 */
static const char *
database_wanted_alone(Node *parsetree, bool *copy)
{
	*copy = false;
	if (IsA(parsetree, DropdbStmt))
		return ((DropdbStmt *) parsetree)->dbname;
	if (IsA(parsetree, CreatedbStmt))
	{
		*copy = true;
		return database_template((CreatedbStmt *) parsetree);
	}
	if (IsA(parsetree, RenameStmt))
	{
		RenameStmt *stmt = (RenameStmt *) parsetree;

		return stmt->renameType == OBJECT_DATABASE ? stmt->subname : NULL;
	}
	if (IsA(parsetree, AlterDatabaseStmt))
	{
		AlterDatabaseStmt *stmt = (AlterDatabaseStmt *) parsetree;

		return database_has_option(stmt->options, "tablespace") ?
			stmt->dbname : NULL;
	}
	return NULL;
}

static bool
database_may_create(void)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID,
										ObjectIdGetDatum(GetUserId()));
	bool		may = false;

	if (HeapTupleIsValid(tuple))
	{
		may = ((Form_pg_authid) GETSTRUCT(tuple))->rolcreatedb;
		ReleaseSysCache(tuple);
	}
	return may;
}

/*
 * Lets workers leave a database that the statement is going to want for
 * itself, if the user may do that to it.
 */
static void
database_make_room(Node *parsetree)
{
	bool		copy;
	const char *name = database_wanted_alone(parsetree, &copy);
	Oid			database;

	if (name == NULL)
		return;
	database = get_database_oid(name, true);
	if (!OidIsValid(database))
		return;
	if (temporal_database_ownercheck(database, GetUserId()) ||
		(copy && database_may_create()))
		board_bar(database);
}

static void
maintenance_process_utility(PlannedStmt *pstmt, const char *queryString,
							bool readOnlyTree, ProcessUtilityContext context,
							ParamListInfo params, QueryEnvironment *queryEnv,
							DestReceiver *dest, QueryCompletion *qc)
{
	Node	   *parsetree = pstmt->utilityStmt;

	database_make_room(parsetree);
	if (prev_process_utility_hook)
		prev_process_utility_hook(pstmt, queryString, readOnlyTree, context,
								  params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context,
								params, queryEnv, dest, qc);
	if (IsA(parsetree, CreateExtensionStmt) &&
		strcmp(((CreateExtensionStmt *) parsetree)->extname,
			   TEMPORAL_EXTENSION) == 0)
		announce_at_commit = true;
}
