/*-------------------------------------------------------------------------
 *
 * review_table.c
 *	  A versioned table as generated queries name it
 *
 * Every name is quoted and every relation and operator has its schema, so
 * that a query made of them means the same under any search_path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "review/review.h"

/*
 * OPERATOR(schema.name)
 */
static const char *
table_operator_name(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	result = psprintf("OPERATOR(%s.%s)",
					  quote_identifier(get_namespace_name(form->oprnamespace)),
					  NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return result;
}

const char *
review_table_equality(Relation index, int place, Oid type)
{
	Oid			operator = InvalidOid;

	if (index->rd_rel->relam == BTREE_AM_OID)
		operator = get_opfamily_member(index->rd_opfamily[place],
									   index->rd_opcintype[place],
									   index->rd_opcintype[place],
									   BTEqualStrategyNumber);
	if (!OidIsValid(operator))
		operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	return table_operator_name(operator);
}

static ReviewColumn *
table_column(ReviewTable *table, AttrNumber attno)
{
	for (int i = 0; i < table->ncolumns; i++)
	{
		if (table->columns[i].attno == attno)
			return &table->columns[i];
	}
	return NULL;
}

/*
 * Fills in the primary key, whether or not it is deferrable.
 */
static void
table_find_key(ReviewTable *table)
{
	Oid			constraint;
	Oid			indexid;
	Bitmapset  *attnos = get_primary_key_attnos(table->relid, true,
												&constraint);
	Relation	index;
	int			nkeys;

	if (attnos == NULL)
		return;
	indexid = get_constraint_index(constraint);
	index = index_open(indexid, AccessShareLock);
	nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	table->keys = palloc(nkeys * sizeof(ReviewColumn *));
	for (int i = 0; i < nkeys; i++)
	{
		ReviewColumn *column =
			table_column(table, index->rd_index->indkey.values[i]);

		/* a key made of the period is none by which to find a row again */
		if (column == NULL)
		{
			table->nkeys = 0;
			break;
		}
		column->equals = review_table_equality(index, i, column->type);
		table->keys[table->nkeys++] = column;
	}
	index_close(index, AccessShareLock);
	bms_free(attnos);
}

static void
table_find_columns(ReviewTable *table, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	const VersionedRelation *versioned = table->versioned;

	table->columns = palloc0(Max(desc->natts, 1) * sizeof(ReviewColumn));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		ReviewColumn *column;

		if (att->attisdropped || att->attnum == versioned->start_attno ||
			att->attnum == versioned->end_attno)
			continue;
		column = &table->columns[table->ncolumns++];
		column->attno = att->attnum;
		column->name = quote_identifier(pstrdup(NameStr(att->attname)));
		column->literal = quote_literal_cstr(NameStr(att->attname));
		column->type = att->atttypid;
		column->generated = att->attgenerated != '\0';
		column->always = att->attidentity == ATTRIBUTE_IDENTITY_ALWAYS;
	}
}

ReviewTable *
review_table_open(Oid relid)
{
	Relation	rel = OidIsValid(relid) ?
		try_relation_open(relid, AccessShareLock) : NULL;
	ReviewTable *table;
	Oid			schema;
	AclResult	schema_rights;

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));

	/* generated queries name it with its schema */
	schema = RelationGetNamespace(rel);
	schema_rights = object_aclcheck(NamespaceRelationId, schema, GetUserId(),
									ACL_USAGE);
	if (schema_rights != ACLCHECK_OK)
		aclcheck_error(schema_rights, OBJECT_SCHEMA,
					   get_namespace_name(schema));

	table = palloc0(sizeof(ReviewTable));
	table->relid = relid;
	table->versioned = versioned_cache_require(relid, 0);
	table->relname = quote_identifier(pstrdup(RelationGetRelationName(rel)));
	table->name =
		quote_qualified_identifier(get_namespace_name(schema),
								   RelationGetRelationName(rel));
	table->start = quote_identifier(get_attname(relid,
												table->versioned->start_attno,
												false));
	table->end = quote_identifier(get_attname(relid,
											  table->versioned->end_attno,
											  false));
	table_find_columns(table, rel);
	table_find_key(table);
	relation_close(rel, NoLock /* until the end of the transaction */ );
	return table;
}

void
review_table_require_key(const ReviewTable *table)
{
	if (table->nkeys == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key",
						get_rel_name(table->relid)),
				 errdetail("Versions of one row are recognized by its primary key."),
				 errhint("ALTER TABLE ... ADD PRIMARY KEY gives it one.")));
}
