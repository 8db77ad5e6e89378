/*-------------------------------------------------------------------------
 *
 * syntax_relation.c
 *	  What a name in FROM means, as far as a parser can know
 *
 * A view cannot have a TABLESAMPLE, so what a clause behind a name becomes
 * depends on what the name stands for.  This is the only file of the front
 * end that looks at catalogs.
 *
 * WHEN.  The raw parser also runs in aborted transactions and outside of any,
 * and then nothing is known.  It also runs before the statements to its left
 * in the same string, and when a function is defined; so what is missing now
 * may be there when the tree is analysed.  A kept tree is analysed again after
 * the name has got another meaning.  Therefore an answer chooses between trees
 * and is the reason of an error only where no tree could be right.
 *
 * RIGHTS.  None are asked for, and nothing is told: analysis asks for those on
 * the schema when it looks up the same name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "syntax/syntax_relation.h"

Oid
syntax_relation_oid(const RangeVar *name)
{
	Oid			schema;
	Oid			toast_schema;

	if (!IsTransactionState())
		return InvalidOid;
	/* analysis would notice what other sessions did when it locks the name */
	AcceptInvalidationMessages();
	if (name->schemaname == NULL)
		return RelnameGetRelid(name->relname);

	/* LookupExplicitNamespace() would raise an error for want of rights */
	if (strcmp(name->schemaname, "pg_temp") == 0)
		GetTempNamespaceState(&schema, &toast_schema);
	else
		schema = get_namespace_oid(name->schemaname, true /* missing_ok */ );
	if (!OidIsValid(schema))
		return InvalidOid;
	return get_relname_relid(name->relname, schema);
}

char
syntax_relation_kind(Oid relid)
{
	return OidIsValid(relid) ? get_rel_relkind(relid) : '\0';
}

List *
syntax_relation_columns(Oid relid)
{
	List	   *names = NIL;
	char	   *name;

	/* a view has no dropped columns, so the first gap is the end */
	for (AttrNumber column = 1;
		 (name = get_attname(relid, column, true /* missing_ok */ )) != NULL;
		 column++)
		names = lappend(names, name);
	return names;
}

TypeName *
syntax_relation_row_type(Oid relid, const RangeVar *name)
{
	Oid			type = get_rel_type_id(relid);
	List	   *names = list_make1(makeString(name->relname));
	TypeName   *row_type;

	if (name->schemaname != NULL)
		names = lcons(makeString(name->schemaname), names);
	else if (OidIsValid(type) && TypenameGetTypid(name->relname) != type)
	{
		char	   *schema = get_namespace_name(get_rel_namespace(relid));

		if (schema != NULL)		/* or it was dropped just now */
			names = lcons(makeString(schema), names);
	}
	if (name->catalogname != NULL)
		names = lcons(makeString(name->catalogname), names);
	row_type = makeTypeNameFromNameList(names);
	row_type->location = name->location;
	return row_type;
}
