/*-------------------------------------------------------------------------
 *
 * extension_objects.c
 *	  OIDs of the extension's own objects in this database
 *
 * They are looked up by schema, name and argument types, never through the
 * search path, and believed only if they belong to the extension: a schema
 * "temporal" that somebody made by hand proves nothing.  The answer, also
 * "there is no such extension here", is kept until a function or a schema of
 * this database changes, which creating and dropping the extension does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/extension_objects.h"
#include "temporal.h"

typedef struct FunctionName
{
	const char *name;
	int			nargs;
	Oid			args[4];
} FunctionName;

static const FunctionName function_names[] = {
	[FUNCTION_ROW_START] = {"row_start", 0, {0}},
	[FUNCTION_ROW_START_INSERT] = {"row_start", 1, {REGCLASSOID}},
	[FUNCTION_ROW_START_AFTER] = {"row_start", 3,
	{TIMESTAMPTZOID, REGCLASSOID, BOOLOID}},
	[FUNCTION_ROW_END] = {"row_end", 0, {0}},
	[FUNCTION_CAPTURE_STATEMENT] = {"capture_statement", 0, {0}},
	[FUNCTION_CAPTURE_ROW] = {"capture_row", 0, {0}},
	[FUNCTION_GUARD_ROW] = {"guard_row", 0, {0}},
	[FUNCTION_PROTECT_HISTORY] = {"protect_history", 0, {0}},
	[FUNCTION_TSM_AS_OF] = {TEMPORAL_TSM_AS_OF, 1, {INTERNALOID}},
	[FUNCTION_TSM_FROM_TO] = {TEMPORAL_TSM_FROM_TO, 1, {INTERNALOID}},
	[FUNCTION_TSM_BETWEEN] = {TEMPORAL_TSM_BETWEEN, 1, {INTERNALOID}},
	[FUNCTION_TSM_BETWEEN_SYMMETRIC] = {TEMPORAL_TSM_BETWEEN_SYMMETRIC, 1,
	{INTERNALOID}},
	[FUNCTION_TSM_CONTAINED_IN] = {TEMPORAL_TSM_CONTAINED_IN, 1,
	{INTERNALOID}},
	[FUNCTION_TSM_ALL] = {TEMPORAL_TSM_ALL, 1, {INTERNALOID}},
	[FUNCTION_MARK_AS_OF] = {TEMPORAL_TSM_AS_OF, 1, {TIMESTAMPTZOID}},
	[FUNCTION_MARK_FROM_TO] = {TEMPORAL_TSM_FROM_TO, 2,
	{TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_MARK_BETWEEN] = {TEMPORAL_TSM_BETWEEN, 2,
	{TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_MARK_BETWEEN_SYMMETRIC] = {TEMPORAL_TSM_BETWEEN_SYMMETRIC, 2,
	{TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_MARK_CONTAINED_IN] = {TEMPORAL_TSM_CONTAINED_IN, 2,
	{TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_MARK_ALL] = {TEMPORAL_TSM_ALL, 1, {BOOLOID}},
	[FUNCTION_CLAUSE_TIME] = {"clause_time", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_COLUMN_TIME] = {"column_time", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_CLAUSE_BOUND] = {"clause_bound", 1, {TIMESTAMPTZOID}},
	[FUNCTION_INSTANT] = {"instant", 2, {TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_INSTANT_LOWER] = {"instant_lower", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_INSTANT_UPPER] = {"instant_upper", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_COLUMN_INSTANT] = {"column_instant", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_COLUMN_LOWER] = {"column_lower", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_COLUMN_UPPER] = {"column_upper", 2,
	{TIMESTAMPTZOID, REGCLASSOID}},
	[FUNCTION_SHOWS] = {"shows", 3,
	{TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZARRAYOID}},
	[FUNCTION_HISTORY_REACHES] = {"history_reaches", 2,
	{REGCLASSOID, TIMESTAMPTZOID}},
	[FUNCTION_HISTORY_HOLDS] = {"history_reaches", 3,
	{REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_HISTORY_WARNS] = {"history_reaches_or_warns", 3,
	{REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_VERSIONS] = {"versions", 3,
	{REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_CHANGES] = {"changes", 3,
	{REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_DIFF] = {"diff", 3,
	{REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_DIFF_STAT] = {"diff_stat", 3,
	{REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
	[FUNCTION_FLASHBACK_VERSIONS] = {"flashback_versions", 3,
	{ANYELEMENTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}},
};

StaticAssertDecl(lengthof(function_names) == FUNCTION_Count,
				 "function_names[] must name every ExtensionFunction");

/* What is known of this database */
static bool objects_known = false;
static uint64 objects_forgotten = 0;	/* how often */
static bool objects_created = false;
static Oid	objects_functions[FUNCTION_Count];
static Oid	objects_catalog = InvalidOid;

static void
extension_objects_forget(Datum arg, int cacheid, uint32 hashvalue)
{
	objects_known = false;
	objects_forgotten++;
}

void
extension_objects_init(void)
{
	CacheRegisterSyscacheCallback(PROCOID, extension_objects_forget, 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, extension_objects_forget, 0);
}

/*
 * A function of the extension; InvalidOid if it has none such.
 */
static Oid
extension_objects_function(Oid extension, Oid schema, const char *name,
						   const Oid *argtypes, int nargs)
{
	oidvector  *args = buildoidvector(argtypes, nargs);
	Oid			oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
									  CStringGetDatum(name),
									  PointerGetDatum(args),
									  ObjectIdGetDatum(schema));

	pfree(args);
	if (OidIsValid(oid) &&
		getExtensionOfObject(ProcedureRelationId, oid) != extension)
		return InvalidOid;
	return oid;
}

/*
 * Fills objects_functions and objects_catalog; false if anything is missing.
 */
static bool
extension_objects_find(Oid extension)
{
	Oid			schema = get_namespace_oid(TEMPORAL_SCHEMA, true);

	if (!OidIsValid(schema))
		return false;

	objects_catalog = get_relname_relid("versioned_table", schema);
	if (!OidIsValid(objects_catalog) ||
		getExtensionOfObject(RelationRelationId, objects_catalog) != extension)
		return false;

	for (int i = 0; i < FUNCTION_Count; i++)
	{
		const FunctionName *fn = &function_names[i];
		Oid			oid = extension_objects_function(extension, schema,
													 fn->name, fn->args,
													 fn->nargs);

		if (!OidIsValid(oid))
			return false;
		objects_functions[i] = oid;
	}
	return true;
}

bool
extension_is_created(void)
{
	if (!objects_known)
	{
		uint64		forgotten = objects_forgotten;
		Oid			extension = get_extension_oid(TEMPORAL_EXTENSION, true);

		objects_created = false;
		objects_created = OidIsValid(extension) &&
			extension_objects_find(extension);

		/*
		 * Half a CREATE EXTENSION, or something changed during the look-ups:
		 * ask again next time.
		 */
		objects_known = objects_created == OidIsValid(extension) &&
			forgotten == objects_forgotten;
	}
	return objects_created;
}

Oid
extension_function(ExtensionFunction function)
{
	return extension_is_created() ? objects_functions[function] : InvalidOid;
}

Oid
extension_catalog(void)
{
	return extension_is_created() ? objects_catalog : InvalidOid;
}

Oid
extension_function_named(const char *name, Oid argument)
{
	if (!extension_is_created())
		return InvalidOid;
	return extension_objects_function(get_extension_oid(TEMPORAL_EXTENSION,
														false),
									  get_namespace_oid(TEMPORAL_SCHEMA,
														false),
									  name, &argument, 1);
}
