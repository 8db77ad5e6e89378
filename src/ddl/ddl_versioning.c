/*-------------------------------------------------------------------------
 *
 * ddl_versioning.c
 *	  Periods and system versioning of a table, switched on and off
 *
 * A table is in one of three states:
 *
 *		plain  --ADD PERIOD-->  period only  --ADD SYSTEM VERSIONING-->  versioned
 *		plain  ------------------ADD SYSTEM VERSIONING---------------->  versioned
 *		versioned  --DROP SYSTEM VERSIONING-->  period only  --DROP PERIOD-->  plain
 *
 * With a period only, rows carry the time they were last written, and what
 * they replaced is lost (SQL:2011 part 2, 4.15.2.2: a table with a
 * system-time period need not be a system-versioned table).
 *
 * Everything here runs in the user's transaction under AccessExclusiveLock on
 * the table, which ALTER TABLE ... ADD COLUMN takes anyway.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "catalog/extension_objects.h"
#include "catalog/versioned_cache.h"
#include "ddl/ddl.h"
#include "history/history_compact.h"
#include "temporal.h"
#include "time/transaction_time.h"

/* The names a statement gives to the period's columns */
typedef struct PeriodNames
{
	const char *start;
	const char *end;
	bool		given;			/* by the statement, not by default */
} PeriodNames;

static void
ddl_require_extension(void)
{
	if (!extension_is_created())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"%s\" is not created in this database",
						TEMPORAL_EXTENSION),
				 errhint("CREATE EXTENSION %s;", TEMPORAL_EXTENSION)));
}

/*
 * The period columns as PERIOD FOR SYSTEM_TIME and GENERATED ALWAYS name
 * them; the two must agree (SQL:2011 part 2, 11.3, Syntax Rules of <table
 * period definition>).
 */
static PeriodNames
ddl_period_names(ParseState *pstate, const VersioningRequest *request)
{
	PeriodNames names = {
		TEMPORAL_DEFAULT_START_COLUMN, TEMPORAL_DEFAULT_END_COLUMN, false
	};

	if ((request->period_start == NULL) != (request->period_end == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a SYSTEM_TIME period needs a start and an end column"),
				 parser_errposition(pstate, request->period_location)));
	if (request->period_start != NULL)
	{
		names.start = request->period_start;
		names.end = request->period_end;
		names.given = true;
		if (strcmp(names.start, names.end) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" cannot be both start and end of the SYSTEM_TIME period",
							names.start),
					 parser_errposition(pstate, request->period_location)));
	}

	if (request->generated_start == NULL && request->generated_end == NULL)
		return names;
	if (!names.given)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("column \"%s\" is GENERATED ALWAYS AS ROW %s, but the table has no PERIOD FOR SYSTEM_TIME",
						request->generated_start ? request->generated_start :
						request->generated_end,
						request->generated_start ? "START" : "END"),
				 errhint("Add PERIOD FOR SYSTEM_TIME (start column, end column)."),
				 parser_errposition(pstate, request->generated_location)));
	if (request->generated_start == NULL || request->generated_end == NULL ||
		strcmp(request->generated_start, names.start) != 0 ||
		strcmp(request->generated_end, names.end) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("PERIOD FOR SYSTEM_TIME (%s, %s) does not match the generated columns",
						quote_identifier(names.start),
						quote_identifier(names.end)),
				 errdetail("The first column must be GENERATED ALWAYS AS ROW START, the second GENERATED ALWAYS AS ROW END."),
				 parser_errposition(pstate, request->period_location)));
	return names;
}

/*
 * temporal.<name>(), as a raw DEFAULT expression
 */
static Node *
ddl_default_call(const char *name)
{
	return (Node *) makeFuncCall(list_make2(makeString(TEMPORAL_SCHEMA),
											makeString(pstrdup(name))),
								 NIL, COERCE_EXPLICIT_CALL, -1);
}

static Constraint *
ddl_constraint(ConstrType type, Node *expr)
{
	Constraint *constraint = makeNode(Constraint);

	constraint->contype = type;
	constraint->raw_expr = expr;
	constraint->location = -1;
	constraint->initially_valid = true;
	return constraint;
}

/*
 * A period column as CREATE TABLE or ADD COLUMN wants it.
 */
static ColumnDef *
ddl_period_column(const char *name, const char *default_function)
{
	ColumnDef  *column = makeColumnDef(name, TIMESTAMPTZOID, -1, InvalidOid);

	column->constraints =
		list_make2(ddl_constraint(CONSTR_NOTNULL, NULL),
				   ddl_constraint(CONSTR_DEFAULT,
								  ddl_default_call(default_function)));
	return column;
}

/*
 * Makes a column written in CREATE TABLE a period column.
 */
static void
ddl_adopt_column(ParseState *pstate, ColumnDef *column,
				 const char *default_function)
{
	Oid			type;
	int32		typmod;

	typenameTypeIdAndMod(pstate, column->typeName, &type, &typmod);
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of the SYSTEM_TIME period must be of type %s, not %s",
						column->colname, format_type_be(TIMESTAMPTZOID),
						format_type_be(type)),
				 parser_errposition(pstate, column->typeName->location)));
	if (type != TIMESTAMPTZOID || typmod != -1)
		ereport(NOTICE,
				(errmsg("column \"%s\" will be of type %s",
						column->colname, format_type_be(TIMESTAMPTZOID)),
				 errdetail("Periods of system time are kept as instants, in microseconds.")));
	column->typeName = makeTypeNameFromOid(TIMESTAMPTZOID, -1);
	column->constraints =
		lappend(column->constraints,
				ddl_constraint(CONSTR_NOTNULL, NULL));
	column->constraints =
		lappend(column->constraints,
				ddl_constraint(CONSTR_DEFAULT,
							   ddl_default_call(default_function)));
}

static ColumnDef *
ddl_find_column(List *elements, const char *name)
{
	ListCell   *lc;

	foreach(lc, elements)
	{
		ColumnDef  *column = lfirst(lc);

		if (IsA(column, ColumnDef) && strcmp(column->colname, name) == 0)
			return column;
	}
	return NULL;
}

/*
 * Before CREATE TABLE: the statement gets its period columns.
 */
void
ddl_prepare_create(ParseState *pstate, CreateStmt *stmt,
				   const VersioningRequest *request)
{
	PeriodNames names = ddl_period_names(pstate, request);
	const char *column_names[2] = {names.start, names.end};
	const char *functions[2] = {"row_start", "row_end"};
	bool		any_written = ddl_find_column(stmt->tableElts, names.start) ||
		ddl_find_column(stmt->tableElts, names.end);

	ddl_require_extension();
	if (request->drop_period || request->drop_history ||
		request->versioning == OPTION_OFF)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a new table has no versioning to drop")));
	if (request->versioning == OPTION_UNSET && !names.given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of versioning need a versioned table"),
				 errhint("Add WITH SYSTEM VERSIONING.")));
	if (stmt->relation->relpersistence == RELPERSISTENCE_TEMP ||
		(stmt->relation->schemaname &&
		 strcmp(stmt->relation->schemaname, "pg_temp") == 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("temporary tables cannot be system-versioned"),
				 errdetail("Their history would have to outlive them."),
				 parser_errposition(pstate, stmt->relation->location)));
	if (stmt->partbound != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a partition cannot be system-versioned on its own"),
				 errhint("Version the partitioned table."),
				 parser_errposition(pstate, stmt->relation->location)));
	if (stmt->inhRelations != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("tables that inherit cannot be system-versioned"),
				 errhint("Use a partitioned table."),
				 parser_errposition(pstate, stmt->relation->location)));
	if (stmt->ofTypename != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("typed tables cannot be system-versioned"),
				 parser_errposition(pstate, stmt->relation->location)));

	for (int i = 0; i < 2; i++)
	{
		ColumnDef  *column = ddl_find_column(stmt->tableElts,
											 column_names[i]);

		if (column != NULL && !names.given)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" exists, but is not declared a period column",
							column_names[i]),
					 errhint("Declare it with PERIOD FOR SYSTEM_TIME (start column, end column)."),
					 parser_errposition(pstate, column->location)));
		if (column != NULL)
		{
			ddl_adopt_column(pstate, column, functions[i]);

			/*
			 * Period columns stand last, so that INSERT without a column list
			 * and without values for them means the columns it seems to mean.
			 */
			stmt->tableElts = lappend(list_delete_ptr(stmt->tableElts, column),
									  column);
		}
		else if (names.given && any_written)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of PERIOD FOR SYSTEM_TIME does not exist",
							column_names[i]),
					 parser_errposition(pstate, request->period_location)));
		else
			stmt->tableElts = lappend(stmt->tableElts,
									  ddl_period_column(column_names[i],
														functions[i]));
	}
}

/*
 * Can this table have a period at all?
 */
static void
ddl_check_table(Relation rel)
{
	const char *name = RelationGetRelationName(rel);

	if (!object_ownercheck(RelationRelationId, RelationGetRelid(rel),
						   GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(rel->rd_rel->relkind), name);
	if (rel->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("foreign table \"%s\" cannot be system-versioned",
						name),
				 errdetail("Its rows can change without this server's knowing.")));
	if (rel->rd_rel->relkind != RELKIND_RELATION &&
		rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", name)));
	if (IsCatalogRelation(rel) ||
		RelationGetRelid(rel) == extension_catalog())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("\"%s\" is a system catalog", name)));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("temporary tables cannot be system-versioned"),
				 errdetail("Their history would have to outlive them.")));
	if (rel->rd_rel->relispartition)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("partition \"%s\" cannot be system-versioned on its own",
						name),
				 errhint("Version the partitioned table.")));
	if (has_superclass(RelationGetRelid(rel)) ||
		(rel->rd_rel->relkind == RELKIND_RELATION &&
		 has_subclass(RelationGetRelid(rel))))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("table \"%s\" takes part in inheritance and cannot be system-versioned",
						name),
				 errhint("Use a partitioned table.")));
	if (OidIsValid(rel->rd_rel->reloftype))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("typed table \"%s\" cannot be system-versioned",
						name)));
}

AlterTableCmd *
ddl_command(AlterTableType type, const char *column, Node *def)
{
	AlterTableCmd *cmd = makeNode(AlterTableCmd);

	cmd->subtype = type;
	cmd->name = column ? pstrdup(column) : NULL;
	cmd->def = def;
	cmd->behavior = DROP_RESTRICT;
	return cmd;
}

/*
 * Existing columns can become a period if they look like one: nobody's
 * history is invented.
 */
static void
ddl_check_existing_period(Oid relid, const PeriodNames *names)
{
	Relation	rel = table_open(relid, AccessExclusiveLock);
	AttrNumber	start = get_attnum(relid, names->start);
	AttrNumber	end = get_attnum(relid, names->end);
	List	   *members = find_all_inheritors(relid, AccessExclusiveLock, NULL);
	TimestampTz now = transaction_time_fresh();
	ListCell   *lc;

	if (start <= 0 || end <= 0)	/* missing, or a system column */
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of PERIOD FOR SYSTEM_TIME does not exist",
						start <= 0 ? names->start : names->end),
				 errhint("Either both columns of the period exist, or none does and both are added.")));
	for (int i = 0; i < 2; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel),
											  (i == 0 ? start : end) - 1);

		if (att->atttypid != TIMESTAMPTZOID || att->atttypmod != -1 ||
			att->attgenerated || att->attidentity)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of the SYSTEM_TIME period must be a plain column of type %s",
							NameStr(att->attname),
							format_type_be(TIMESTAMPTZOID))));
	}
	table_close(rel, NoLock);

	foreach(lc, members)
	{
		Relation	member = table_open(lfirst_oid(lc), NoLock);
		AttrNumber	member_start = get_attnum(lfirst_oid(lc), names->start);
		AttrNumber	member_end = get_attnum(lfirst_oid(lc), names->end);
		Snapshot	snapshot;
		TableScanDesc scan;
		TupleTableSlot *slot;

		if (member->rd_rel->relkind == RELKIND_RELATION)
		{
			snapshot = RegisterSnapshot(GetLatestSnapshot());
			slot = table_slot_create(member, NULL);
			scan = table_beginscan(member, snapshot, 0, NULL);
			while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
			{
				bool		start_null;
				bool		end_null;
				Datum		from = slot_getattr(slot, member_start, &start_null);
				Datum		to = slot_getattr(slot, member_end, &end_null);

				CHECK_FOR_INTERRUPTS();
				if (start_null || end_null ||
					DatumGetTimestampTz(from) > now ||
					!TIMESTAMP_IS_NOEND(DatumGetTimestampTz(to)))
					ereport(ERROR,
							(errcode(ERRCODE_CHECK_VIOLATION),
							 errmsg("a row of table \"%s\" does not have the period of a current row",
									RelationGetRelationName(member)),
							 errdetail("Column \"%s\" must lie in the past, column \"%s\" must be infinity.",
									   names->start, names->end)));
			}
			table_endscan(scan);
			ExecDropSingleTupleTableSlot(slot);
			UnregisterSnapshot(snapshot);
		}
		table_close(member, NoLock);
	}
}

/*
 * ALTER TABLE: adds the period columns, or makes existing ones the period.
 */
static void
ddl_add_period_columns(Oid relid, const PeriodNames *names)
{
	bool		exist = get_attnum(relid, names->start) != InvalidAttrNumber ||
		get_attnum(relid, names->end) != InvalidAttrNumber;
	List	   *cmds;

	if (exist && !names->given)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" exists, but is not a period column",
						get_attnum(relid, names->start) != InvalidAttrNumber ?
						names->start : names->end, get_rel_name(relid)),
				 errhint("ALTER TABLE ... ADD PERIOD FOR SYSTEM_TIME (start column, end column) names the columns to use.")));
	if (exist)
	{
		ddl_check_existing_period(relid, names);
		cmds = list_make4(ddl_command(AT_ColumnDefault, names->start,
									  ddl_default_call("row_start")),
						  ddl_command(AT_ColumnDefault, names->end,
									  ddl_default_call("row_end")),
						  ddl_command(AT_SetNotNull, names->start, NULL),
						  ddl_command(AT_SetNotNull, names->end, NULL));
	}
	else
	{
		/*
		 * Existing rows start now, not at the transaction's beginning: they
		 * may be younger than that.  The DEFAULT is evaluated once and kept
		 * beside the column, so no row is rewritten.
		 */
		(void) transaction_time_fresh();
		cmds = list_make2(ddl_command(AT_AddColumn, NULL,
									  (Node *) ddl_period_column(names->start,
																 "row_start")),
						  ddl_command(AT_AddColumn, NULL,
									  (Node *) ddl_period_column(names->end,
																 "row_end")));
	}
	ddl_alter_table(relid, cmds);
}

static void
ddl_add_period(ParseState *pstate, Oid relid, const VersioningRequest *request,
			   bool created, VersionedTable *table)
{
	PeriodNames names = ddl_period_names(pstate, request);

	if (!created)
		ddl_add_period_columns(relid, &names);
	memset(table, 0, sizeof(*table));
	table->relation = relid;
	namestrcpy(&table->start_column, names.start);
	namestrcpy(&table->end_column, names.end);
	table->history_start = created ? DT_NOBEGIN : transaction_time_row_start();
	versioned_table_defaults(table);
	CreateComments(relid, RelationRelationId, get_attnum(relid, names.start),
				   "GENERATED ALWAYS AS ROW START, PERIOD FOR SYSTEM_TIME");
	CreateComments(relid, RelationRelationId, get_attnum(relid, names.end),
				   "GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME");
	versioned_table_insert(table);
}

/*
 * Gives the period columns of a table, and of its partitions, their DEFAULTs,
 * or takes all DEFAULTs away.
 */
void
ddl_period_defaults(Oid relid, const VersionedTable *table, bool set)
{
	ddl_alter_table(relid,
					list_make2(ddl_command(AT_ColumnDefault,
										   NameStr(table->start_column),
										   set ? ddl_default_call("row_start") :
										   NULL),
							   ddl_command(AT_ColumnDefault,
										   NameStr(table->end_column),
										   set ? ddl_default_call("row_end") :
										   NULL)));
}

static void
ddl_drop_period(ParseState *pstate, Oid relid,
				const VersioningRequest *request, const VersionedTable *table)
{
	const char *start = NameStr(table->start_column);
	const char *end = NameStr(table->end_column);

	if (OidIsValid(table->history))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot drop the SYSTEM_TIME period of versioned table \"%s\"",
						get_rel_name(relid)),
				 errhint("ALTER TABLE ... DROP SYSTEM VERSIONING first."),
				 parser_errposition(pstate, request->period_location)));
	ddl_triggers_drop(relid);
	versioned_table_delete(relid);
	ddl_period_defaults(relid, table, false);
	CreateComments(relid, RelationRelationId, get_attnum(relid, start), NULL);
	CreateComments(relid, RelationRelationId, get_attnum(relid, end), NULL);
}

/*
 * Are these columns of the table?
 */
static void
ddl_check_excluded(Oid relid, VersionedTable *table, List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		const char *column = lfirst(lc);

		if (get_attnum(relid, column) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist",
							column, get_rel_name(relid)),
					 errhint("The option temporal.exclude_columns names it.")));
		if (namestrcmp(&table->start_column, column) == 0 ||
			namestrcmp(&table->end_column, column) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("period column \"%s\" cannot be excluded from history",
							column)));
	}
}

static void
ddl_add_versioning(Oid relid, const VersioningRequest *request, bool created,
				   VersionedTable *table)
{
	Relation	rel = table_open(relid, AccessExclusiveLock);

	/* What was there before versioning is not known */
	if (!created)
		table->history_start = transaction_time_row_start();
	if (request->set_history_index)
		table->history_index = request->history_index;

	/* The option stayed when versioning was dropped, the columns may not have */
	if (!request->set_exclude_columns)
		ddl_check_excluded(relid, table, table->exclude_columns);

	if (table->history_index == HISTORY_INDEX_KEY)
	{
		(void) RelationGetIndexList(rel);
		if (!OidIsValid(rel->rd_pkindex))
			ereport(NOTICE,
					(errmsg("table \"%s\" has no primary key; its history is indexed by time alone",
							RelationGetRelationName(rel))));
	}
	table->history = ddl_history_create(rel, request->history_table, table);
	table_close(rel, NoLock);
	versioned_table_update(table);
}

static void
ddl_drop_versioning(ParseState *pstate, Oid relid,
					const VersioningRequest *request, VersionedTable *table)
{
	Oid			history = table->history;

	if (!OidIsValid(history))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" is not system-versioned",
						get_rel_name(relid)),
				 parser_errposition(pstate, request->versioning_location)));

	/* What stays is an ordinary table: with all of its rows */
	if (!request->drop_history)
	{
		CompactResult expanded;

		history_expand(table, true, &expanded);
	}

	/* First, so that dropping the history finds no table that needs it */
	table->history = InvalidOid;
	versioned_table_update(table);
	ddl_history_release(relid, history, request->drop_history);
}

/*
 * Options of a versioned table.
 */
static void
ddl_set_options(Oid relid, const VersioningRequest *request,
				VersionedTable *table)
{
	if (request->skip_unchanged != OPTION_UNSET)
		table->skip_unchanged = request->skip_unchanged == OPTION_ON;
	if (request->set_exclude_columns)
	{
		ddl_check_excluded(relid, table, request->exclude_columns);
		table->exclude_columns = request->exclude_columns;
	}
	if (request->set_compression)
		table->compress = request->compress;
	if (request->compression_level != 0)
		table->compression_level = request->compression_level;
	if (request->compress_after != NULL)
		table->compress_after = *request->compress_after;
	if (request->set_history_index &&
		request->history_index != table->history_index)
	{
		table->history_index = request->history_index;
		if (OidIsValid(table->history))
		{
			Relation	rel = table_open(relid, ShareRowExclusiveLock);

			ddl_history_drop_indexes(table->history);
			ddl_history_index(rel, table->history, table);
			table_close(rel, NoLock);
		}
	}
	versioned_table_update(table);
}

/*
 * Does what the options of a statement ask for, after the statement itself
 * has run.  created says that it created the table.
 */
void
ddl_apply_request(ParseState *pstate, Oid relid,
				  const VersioningRequest *request, bool created)
{
	Relation	rel;
	VersionedTable table;
	bool		has_period;
	bool		add_period = request->period_start || request->period_end ||
		request->generated_start || request->generated_end;

	ddl_require_extension();
	rel = table_open(relid, AccessExclusiveLock);
	ddl_check_table(rel);
	if (request->versioning == OPTION_ON &&
		versioned_table_find_by_history(relid, &table))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("history table \"%s\" cannot be system-versioned",
						RelationGetRelationName(rel))));
	has_period = versioned_table_find(relid, &table);
	table_close(rel, NoLock);

	if (has_period && add_period)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table \"%s\" already has a SYSTEM_TIME period",
						get_rel_name(relid)),
				 parser_errposition(pstate, request->period_location)));
	if (has_period && request->versioning == OPTION_ON &&
		OidIsValid(table.history))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table \"%s\" is already system-versioned",
						get_rel_name(relid)),
				 parser_errposition(pstate, request->versioning_location)));
	if (!has_period && !add_period && request->versioning != OPTION_ON)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg(request->drop_period ?
						"table \"%s\" has no SYSTEM_TIME period" :
						"table \"%s\" is not system-versioned",
						get_rel_name(relid)),
				 parser_errposition(pstate, request->drop_period ?
									request->period_location :
									request->versioning_location)));
	if (request->history_table && request->versioning != OPTION_ON)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"temporal.history_table\" can be given only when versioning is added")));
	if (request->drop_history && request->versioning != OPTION_OFF)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"temporal.drop_history\" can be given only when versioning is dropped")));

	if (request->versioning == OPTION_OFF)
		ddl_drop_versioning(pstate, relid, request, &table);
	if (request->drop_period)
	{
		ddl_drop_period(pstate, relid, request, &table);
		return;
	}
	if (!has_period)
		ddl_add_period(pstate, relid, request, created, &table);
	if (request->versioning == OPTION_ON)
		ddl_add_versioning(relid, request, created, &table);
	if (request->skip_unchanged != OPTION_UNSET ||
		request->set_exclude_columns || request->set_history_index ||
		request->set_compression || request->compression_level != 0 ||
		request->compress_after != NULL)
		ddl_set_options(relid, request, &table);
	if (request->retention.reset || request->retention.given != 0)
		ddl_set_retention(pstate, relid, request, &table);
	ddl_triggers_sync(relid, &table);
}
