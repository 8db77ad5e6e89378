/*-------------------------------------------------------------------------
 *
 * ddl_history.c
 *	  History relations: made, indexed, released
 *
 * A history relation is an ordinary table with the columns of the versioned
 * table and none of its constraints.  It belongs to the table's owner, nobody
 * else may read it, its triggers refuse every write, and it depends on the
 * table, so that DROP TABLE says so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/toast_compression.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/toasting.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "commands/tablespace.h"
#include "nodes/makefuncs.h"
#include "parser/parse_utilcmd.h"
#include "rewrite/rewriteManip.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "base/compat_access.h"
#include "ddl/ddl.h"
#include "temporal.h"

/* BRIN: small ranges, because history is read by narrow slices of time */
#define HISTORY_BRIN_PAGES	16

/*
 * Where the history goes: as named, or <table>_history beside the table.
 */
static RangeVar *
ddl_history_name(Relation rel, const char *name)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(rel));
	RangeVar   *rv;

	if (name == NULL)
		rv = makeRangeVar(schema,
						  makeObjectName(RelationGetRelationName(rel), NULL,
										 TEMPORAL_HISTORY_SUFFIX), -1);
	else
	{
		List	   *names = textToQualifiedNameList(cstring_to_text(name));

		rv = makeRangeVarFromNameList(names);
		if (strlen(rv->relname) >= NAMEDATALEN)
			ereport(ERROR,
					(errcode(ERRCODE_NAME_TOO_LONG),
					 errmsg("name of history table \"%s\" is too long",
							rv->relname)));
		if (rv->schemaname == NULL)
			rv->schemaname = schema;
	}
	rv->relpersistence = rel->rd_rel->relpersistence;

	if (OidIsValid(get_relname_relid(rv->relname,
									 get_namespace_oid(rv->schemaname, false))))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s.%s\" already exists",
						rv->schemaname, rv->relname),
				 errdetail("It would be the history of table \"%s\".",
						   RelationGetRelationName(rel)),
				 errhint("Rename it, or give the history another name with the option temporal.history_table.")));
	return rv;
}

#ifdef TEMPORAL_HAS_VIRTUAL_COLUMNS
/*
 * The expression of a virtual generated column.  It is stored nowhere, so the
 * history computes it as the table does, from columns whose numbers differ
 * once the table has dropped one.
 */
static Node *
ddl_history_expression(Relation rel, AttrNumber attno)
{
	TupleDesc	desc = RelationGetDescr(rel);
	AttrMap    *map = make_attrmap(desc->natts);
	AttrNumber	next = 0;
	bool		whole_row;

	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			map->attnums[i] = ++next;
	}
	return map_variable_attnos(TupleDescGetDefault(desc, attno), 1, 0, map,
							   InvalidOid, &whole_row);
}
#endif

static List *
ddl_history_columns(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	List	   *columns = NIL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		ColumnDef  *column;

		if (att->attisdropped)
			continue;
		column = makeColumnDef(NameStr(att->attname), att->atttypid,
							   att->atttypmod, att->attcollation);
		column->storage = att->attstorage;
		if (CompressionMethodIsValid(att->attcompression))
			column->compression =
				pstrdup(GetCompressionMethodName(att->attcompression));
#ifdef TEMPORAL_HAS_VIRTUAL_COLUMNS
		if (att->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
		{
			column->generated = att->attgenerated;
			column->cooked_default = ddl_history_expression(rel, att->attnum);
		}
#endif
		columns = lappend(columns, column);
	}
	return columns;
}

/*
 * Takes back what ALTER DEFAULT PRIVILEGES gave away.
 */
static void
ddl_history_make_private(Oid history)
{
	Relation	pg_class = table_open(RelationRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID,
											ObjectIdGetDatum(history));
	Datum		acl;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", history);
	acl = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relacl, &isnull);
	if (!isnull)
	{
		Oid		   *members;
		int			nmembers = aclmembers(DatumGetAclP(acl), &members);
		Datum		values[Natts_pg_class] = {0};
		bool		nulls[Natts_pg_class] = {0};
		bool		replaces[Natts_pg_class] = {0};
		HeapTuple	private;

		nulls[Anum_pg_class_relacl - 1] = true;
		replaces[Anum_pg_class_relacl - 1] = true;
		private = heap_modify_tuple(tuple, RelationGetDescr(pg_class),
									values, nulls, replaces);
		CatalogTupleUpdate(pg_class, &private->t_self, private);
		updateAclDependencies(RelationRelationId, history, 0,
							  ((Form_pg_class) GETSTRUCT(tuple))->relowner,
							  nmembers, members, 0, NULL);
	}
	heap_freetuple(tuple);
	table_close(pg_class, RowExclusiveLock);
	CommandCounterIncrement();
}

Oid
ddl_history_create(Relation rel, const char *name, const VersionedTable *table)
{
	CreateStmt *stmt = makeNode(CreateStmt);
	ObjectAddress address;
	Oid			history;
	char	   *comment;

	stmt->relation = ddl_history_name(rel, name);
	stmt->tableElts = ddl_history_columns(rel);
	stmt->oncommit = ONCOMMIT_NOOP;
	if (OidIsValid(rel->rd_rel->reltablespace))
		stmt->tablespacename = get_tablespace_name(rel->rd_rel->reltablespace);

	address = DefineRelation(stmt, RELKIND_RELATION, rel->rd_rel->relowner,
							 NULL, NULL);
	history = address.objectId;
	CommandCounterIncrement();
	NewRelationCreateToastTable(history, (Datum) 0);
	ddl_history_make_private(history);

	ddl_history_tie(RelationGetRelid(rel), history);
	comment = psprintf("history of table %s, written by its versioning alone",
					   quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
												  RelationGetRelationName(rel)));
	CreateComments(history, RelationRelationId, 0, comment);

	ddl_history_index(rel, history, table);
	ddl_triggers_protect(history);
	if (rel->rd_rel->relrowsecurity)
		ddl_alter_table(history,
						list_make1(ddl_command(AT_EnableRowSecurity, NULL,
											   NULL)));
	return history;
}

/*
 * Makes the history depend on its table, if it does not do so yet: a dump does
 * not carry that over.
 */
void
ddl_history_tie(Oid relid, Oid history)
{
	ObjectAddress table;
	ObjectAddress dependent;

	ObjectAddressSet(table, RelationRelationId, relid);
	ObjectAddressSet(dependent, RelationRelationId, history);
	deleteDependencyRecordsForSpecific(RelationRelationId, history,
									   DEPENDENCY_NORMAL,
									   RelationRelationId, relid);
	recordDependencyOn(&dependent, &table, DEPENDENCY_NORMAL);
	CommandCounterIncrement();
}

/*
 * Ends the tie between a table and its history, which is then an ordinary
 * table, or is dropped.
 */
void
ddl_history_release(Oid relid, Oid history, bool drop)
{
	ddl_triggers_unprotect(history);
	deleteDependencyRecordsForSpecific(RelationRelationId, history,
									   DEPENDENCY_NORMAL,
									   RelationRelationId, relid);
	CreateComments(history, RelationRelationId, 0, NULL);
	CommandCounterIncrement();
	if (drop)
	{
		ObjectAddress address;

		ObjectAddressSet(address, RelationRelationId, history);
		performDeletion(&address, DROP_CASCADE, 0);
	}
}

static IndexElem *
ddl_index_column(const char *name)
{
	IndexElem  *element = makeNode(IndexElem);

	element->name = pstrdup(name);
	return element;
}

static ColumnRef *
ddl_column_reference(const char *name)
{
	ColumnRef  *ref = makeNode(ColumnRef);

	ref->fields = list_make1(makeString(pstrdup(name)));
	ref->location = -1;
	return ref;
}

static void
ddl_index_create(Oid history, const char *method, List *elements,
				 List *options)
{
	IndexStmt  *stmt = makeNode(IndexStmt);

	stmt->relation = makeRangeVar(get_namespace_name(get_rel_namespace(history)),
								  get_rel_name(history), -1);
	stmt->accessMethod = pstrdup(method);
	stmt->indexParams = elements;
	stmt->options = options;
	stmt = transformIndexStmt(history, stmt, "");
	(void) temporal_define_index(history, stmt);
	CommandCounterIncrement();
}

/*
 * Has the history an index of the method already?  What users added with the
 * same method counts: they know their queries.
 */
static bool
ddl_history_has_index(Oid history, Oid method)
{
	Relation	rel = table_open(history, AccessShareLock);
	bool		found = false;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		found |= index->rd_rel->relam == method;
		index_close(index, AccessShareLock);
	}
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * Names of the primary key's columns; NIL if there is none.
 */
static List *
ddl_key_columns(Relation rel)
{
	List	   *names = NIL;
	Oid			key;
	Relation	index;

	(void) RelationGetIndexList(rel);
	key = rel->rd_pkindex;
	if (!OidIsValid(key))
		return NIL;
	index = index_open(key, AccessShareLock);
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		names = lappend(names,
						get_attname(RelationGetRelid(rel),
									index->rd_index->indkey.values[i], false));
	index_close(index, AccessShareLock);
	return names;
}

/*
 * Has the history a btree that begins with these columns?
 */
static bool
ddl_history_has_key_index(Oid history, List *columns)
{
	Relation	rel = table_open(history, AccessShareLock);
	bool		found = false;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		bool		matches = index->rd_rel->relam == BTREE_AM_OID &&
			IndexRelationGetNumberOfKeyAttributes(index) >=
			list_length(columns);
		ListCell   *lc2;

		foreach(lc2, columns)
			matches = matches &&
				index->rd_index->indkey.values[foreach_current_index(lc2)] ==
				get_attnum(history, lfirst(lc2));
		found |= matches;
		index_close(index, AccessShareLock);
	}
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * Gives the history the indexes its table's temporal.history_index asks for,
 * as far as it does not have them.
 */
void
ddl_history_index(Relation rel, Oid history, const VersionedTable *table)
{
	const char *start = NameStr(table->start_column);
	const char *end = NameStr(table->end_column);

	if (table->history_index == HISTORY_INDEX_GIST)
	{
		if (!ddl_history_has_index(history, GIST_AM_OID))
		{
			IndexElem  *element = makeNode(IndexElem);

			element->expr = (Node *)
				makeFuncCall(list_make2(makeString("pg_catalog"),
										makeString("tstzrange")),
							 list_make2(ddl_column_reference(start),
										ddl_column_reference(end)),
							 COERCE_EXPLICIT_CALL, -1);
			ddl_index_create(history, "gist", list_make1(element), NIL);
		}
	}
	else if (!ddl_history_has_index(history, BRIN_AM_OID))
		ddl_index_create(history, "brin",
						 list_make2(ddl_index_column(start),
									ddl_index_column(end)),
						 list_make2(makeDefElem("pages_per_range",
												(Node *) makeInteger(HISTORY_BRIN_PAGES), -1),
									makeDefElem("autosummarize",
												(Node *) makeString("on"), -1)));

	if (table->history_index == HISTORY_INDEX_KEY)
	{
		List	   *columns = ddl_key_columns(rel);
		List	   *elements = NIL;
		ListCell   *lc;

		foreach(lc, columns)
			elements = lappend(elements, ddl_index_column(lfirst(lc)));
		if (columns != NIL && list_length(columns) < INDEX_MAX_KEYS &&
			!ddl_history_has_key_index(history, columns))
			ddl_index_create(history, "btree",
							 lappend(elements, ddl_index_column(end)), NIL);
	}
}

/*
 * What ALTER TABLE did to the table that concerns its history.  A primary key
 * becomes an index.  Row-level security is switched on and off for both: the
 * history has no policies, so that nobody but the owner reads it as it is, not
 * even with the rights to read all tables.  The table's policies do not need
 * that: they are part of a query before the history is.
 */
void
ddl_history_follow(Relation rel, const VersionedTable *table, List *cmds)
{
	ListCell   *lc;

	foreach(lc, cmds)
	{
		AlterTableType subtype = lfirst_node(AlterTableCmd, lc)->subtype;

		switch (subtype)
		{
			case AT_AddConstraint:
			case AT_AddIndexConstraint:
			case AT_AddIndex:
				ddl_history_index(rel, table->history, table);
				break;
			case AT_EnableRowSecurity:
			case AT_DisableRowSecurity:
				ddl_alter_table(table->history,
								list_make1(ddl_command(subtype, NULL, NULL)));
				break;
			default:
				break;
		}
	}
}

/*
 * Drops all indexes of the history, before another kind is made.
 */
void
ddl_history_drop_indexes(Oid history)
{
	Relation	rel = table_open(history, AccessExclusiveLock);
	ObjectAddresses *indexes = new_object_addresses();
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(rel))
	{
		ObjectAddress address;

		ObjectAddressSet(address, RelationRelationId, lfirst_oid(lc));
		add_exact_object_address(&address, indexes);
	}
	table_close(rel, NoLock);
	performMultipleDeletions(indexes, DROP_RESTRICT, 0);
	free_object_addresses(indexes);
	CommandCounterIncrement();
}
