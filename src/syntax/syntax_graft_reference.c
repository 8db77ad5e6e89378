/*-------------------------------------------------------------------------
 *
 * syntax_graft_reference.c
 *	  What stands in the tree for a name in FROM and the clause behind it
 *
 *		t FOR SYSTEM_TIME AS OF x a
 *			t a TABLESAMPLE temporal.as_of(x)
 *		... where x is made of columns further left
 *			LATERAL (SELECT * FROM t TABLESAMPLE temporal.as_of(x)) a
 *		... where t is a view
 *			[LATERAL] (SELECT * FROM t WHERE temporal.as_of(x)) a
 *		t VERSIONS BETWEEN TIMESTAMP x AND y a
 *			[LATERAL] (SELECT (v.version).*, v.versions_startscn, ...
 *					   FROM temporal.flashback_versions(NULL::t, x, y) v) a
 *
 * A plain reference is better where it will do: column privileges, whole-row
 * references, names like schema.t.c.  TABLESAMPLE is refused on a view, so that
 * the clause becomes a condition in a sub-select, which the planner hook looks
 * for and takes out again.  TABLESAMPLE adds no columns, so that a versions
 * query is a function.
 *
 * HIDING.  A condition sees the columns of the view that it stands behind, and
 * TABLESAMPLE's arguments do not.  Where x mentions a name that the view or
 * one of its columns has, these get other names inside of the sub-select and
 * their own again outside:
 *
 *		(SELECT * FROM t (hidden_x, y) WHERE temporal.as_of(x)) a (x, y)
 *
 * A RELATION THAT IS NOT THERE.  For NULL::t it would be a type that does not
 * exist.  Such a table, which a statement further left in the same string may
 * make, is written as a sub-select that reads no row: (SELECT coalesce(t.*)
 * FROM t LIMIT 0).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"

#include "syntax/syntax_bound.h"
#include "syntax/syntax_clause.h"
#include "syntax/syntax_relation.h"
#include "temporal.h"

/* The function's name in the stock form, and its column with the row */
#define VERSIONS_ALIAS		"v"
#define VERSIONS_ROW		"version"

/* Its other columns */
static const char *const versions_columns[] = {
	"versions_startscn", "versions_starttime", "versions_endscn",
	"versions_endtime", "versions_xid", "versions_operation"
};

static void reference_check_kind(SyntaxTranslation *translation,
								 SyntaxClause *clause, char kind);
static void reference_check_locks(SyntaxTranslation *translation,
								  SyntaxClause *clause, RangeVar *table);
static Node *reference_sample(SyntaxTranslation *translation,
							  SyntaxClause *clause, RangeVar *table,
							  bool lateral);
static Node *reference_view(SyntaxTranslation *translation,
							SyntaxClause *clause, RangeVar *view,
							Oid relid, bool lateral);
static Node *reference_versions(SyntaxTranslation *translation,
								SyntaxClause *clause, RangeVar *table,
								Oid relid, bool lateral);

/*
 * Returns what replaces a table whose clause refers to tables further left
 * (lateral) or not.
 */
Node *
syntax_graft_reference(SyntaxTranslation *translation, SyntaxClause *clause,
					   RangeVar *table, bool lateral)
{
	Oid			relid = syntax_relation_oid(table);
	char		kind = syntax_relation_kind(relid);

	reference_check_kind(translation, clause, kind);
	if (clause->kind == CLAUSE_VERSIONS)
		return reference_versions(translation, clause, table, relid, lateral);
	if (kind == RELKIND_VIEW)
		return reference_view(translation, clause, table, relid, lateral);
	return reference_sample(translation, clause, table, lateral);
}

/*
 * Refuses what has no versions, in words of what was typed.
 */
static void
reference_check_kind(SyntaxTranslation *translation, SyntaxClause *clause,
					 char kind)
{
	const SyntaxText *text = &translation->text;
	const char *spelling = syntax_clause_spelling(text, clause->token);

	if (kind == RELKIND_MATVIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a materialized view", spelling),
				 errhint("Write it behind the tables in the query of the materialized view."),
				 syntax_errposition(text, clause->token)));
	if (kind == RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a foreign table", spelling),
				 errhint("Write it in a view on the server that has the table."),
				 syntax_errposition(text, clause->token)));
	if (kind == RELKIND_SEQUENCE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a sequence", spelling),
				 errhint("Only tables have versions."),
				 syntax_errposition(text, clause->token)));
	if (kind == RELKIND_VIEW && clause->kind == CLAUSE_VERSIONS)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a view", spelling),
				 errhint("Write it behind the tables in the query of the view; FOR SYSTEM_TIME can stand behind a view."),
				 syntax_errposition(text, clause->token)));
}

/*
 * Refuses row locks on a versions query, of which PostgreSQL would say nothing:
 * rows of a function are not locked.
 */
static void
reference_check_locks(SyntaxTranslation *translation, SyntaxClause *clause,
					  RangeVar *table)
{
	const char *name = table->alias ? table->alias->aliasname : table->relname;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, translation->locking)
	{
		List	   *locked = lfirst_node(LockingClause, lc)->lockedRels;
		bool		meant = (locked == NIL);

		foreach(lc2, locked)
			meant |= (strcmp(lfirst_node(RangeVar, lc2)->relname, name) == 0);
		if (meant)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("row locks are not allowed with %s",
							syntax_clause_spelling(&translation->text,
												   clause->token)),
					 errdetail("Versions of \"%s\" are no rows that could be locked.",
							   name),
					 errhint("FOR UPDATE OF names the tables to lock."),
					 syntax_errposition(&translation->text, clause->token)));
	}
}

/*
 * A reference to a column, or to all of them where the name is NULL.
 */
static Node *
make_column(const char *table, const char *column)
{
	ColumnRef  *reference = makeNode(ColumnRef);

	if (table != NULL)
		reference->fields = list_make1(makeString(pstrdup(table)));
	reference->fields = lappend(reference->fields, column != NULL ?
								(Node *) makeString(pstrdup(column)) :
								(Node *) makeNode(A_Star));
	reference->location = -1;
	return (Node *) reference;
}

static ResTarget *
make_target(Node *value)
{
	ResTarget  *target = makeNode(ResTarget);

	target->val = value;
	target->location = -1;
	return target;
}

/*
 * SELECT targets FROM item
 */
static SelectStmt *
make_select(List *targets, Node *item)
{
	SelectStmt *select = makeNode(SelectStmt);

	select->targetList = targets;
	select->fromClause = list_make1(item);
	return select;
}

/*
 * A sub-select that takes the table's place in FROM.
 */
static RangeSubselect *
make_subselect(SelectStmt *select, RangeVar *table, bool lateral)
{
	RangeSubselect *subselect = makeNode(RangeSubselect);

	subselect->lateral = lateral;
	subselect->subquery = (Node *) select;
	subselect->alias = table->alias;
	if (subselect->alias == NULL)
		subselect->alias = makeAlias(table->relname, NIL);
	table->alias = NULL;
	return subselect;
}

/*
 * t TABLESAMPLE method(...), inside a LATERAL if it must be
 */
static Node *
reference_sample(SyntaxTranslation *translation, SyntaxClause *clause,
				 RangeVar *table, bool lateral)
{
	RangeTableSample *sample = makeNode(RangeTableSample);
	ResTarget  *star;

	sample->relation = (Node *) table;
	sample->method = list_make2(makeString(pstrdup(TEMPORAL_SCHEMA)),
								makeString(pstrdup(clause->name)));
	sample->args = clause->args;
	sample->location = translation->text.tokens[clause->token].start;
	if (!lateral)
		return (Node *) sample;

	star = make_target(make_column(NULL, NULL));
	return (Node *) make_subselect(make_select(list_make1(star),
											   (Node *) sample),
								   table, true);
}

/*
 * Collects every name in the columns that an expression refers to.
 */
static bool
reference_names_walker(Node *node, void *arg)
{
	List	  **names = (List **) arg;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
	{
		foreach(lc, ((ColumnRef *) node)->fields)
			if (IsA(lfirst(lc), String))
				*names = lappend(*names, strVal(lfirst(lc)));
		return false;
	}
	return raw_expression_tree_walker(node, reference_names_walker, arg);
}

/*
 * The name, or one like it that is not among those mentioned.
 */
static char *
reference_hidden_name(char *name, List *mentioned)
{
	ListCell   *lc;

	foreach(lc, mentioned)
		if (strcmp(lfirst(lc), name) == 0)
			return reference_hidden_name(psprintf("hidden_%s", name),
										 mentioned);
	return name;
}

/*
 * Keeps the names of a view and its columns from the expressions in args.
 * Returns the alias for the view, and the columns that the sub-select around
 * it is to have; NULL where there is nothing to hide.
 */
static Alias *
reference_hide(RangeVar *view, Oid relid, List *args, List **columns)
{
	List	   *mentioned = NIL;
	List	   *hidden = NIL;
	char	   *name;
	bool		differs;
	ListCell   *lc;

	*columns = NIL;
	(void) reference_names_walker((Node *) args, &mentioned);
	name = reference_hidden_name(view->relname, mentioned);
	differs = (name != view->relname);
	foreach(lc, syntax_relation_columns(relid))
	{
		char	   *column = reference_hidden_name(lfirst(lc), mentioned);

		differs |= (column != lfirst(lc));
		hidden = lappend(hidden, makeString(column));
		*columns = lappend(*columns, makeString(lfirst(lc)));
	}
	return differs ? makeAlias(name, hidden) : NULL;
}

/*
 * (SELECT * FROM view WHERE method(...)) alias
 */
static Node *
reference_view(SyntaxTranslation *translation, SyntaxClause *clause,
			   RangeVar *view, Oid relid, bool lateral)
{
	List	   *columns;
	Alias	   *hiding = reference_hide(view, relid, clause->args, &columns);
	List	   *args = NIL;
	SelectStmt *select;
	RangeSubselect *subselect;
	ListCell   *lc;

	foreach(lc, clause->args)
		args = lappend(args, strcmp(clause->name, TEMPORAL_TSM_ALL) == 0 ?
					   lfirst(lc) :
					   syntax_make_cast(lfirst(lc), "timestamptz"));
	select = make_select(list_make1(make_target(make_column(NULL, NULL))),
						 (Node *) view);
	select->whereClause =
		syntax_make_call(clause->name, args,
						 translation->text.tokens[clause->token].start);
	subselect = make_subselect(select, view, lateral);
	if (hiding != NULL)
	{
		Alias	   *alias = subselect->alias;

		/* the user's names for the first columns stay */
		for (int i = list_length(alias->colnames); i < list_length(columns); i++)
			alias->colnames = lappend(alias->colnames, list_nth(columns, i));
		view->alias = hiding;
	}
	return (Node *) subselect;
}

/*
 * NULL::t, or what can be said of a table that is not there yet.
 */
static Node *
reference_row(RangeVar *table, Oid relid)
{
	A_Const    *null;
	TypeCast   *cast;
	CoalesceExpr *row;
	RangeVar   *inner;
	A_Const    *limit;
	SelectStmt *select;
	SubLink    *sublink;

	if (OidIsValid(relid))
	{
		null = makeNode(A_Const);
		null->isnull = true;
		null->location = -1;
		cast = makeNode(TypeCast);
		cast->arg = (Node *) null;
		cast->typeName = syntax_relation_row_type(relid, table);
		cast->location = -1;
		return (Node *) cast;
	}

	/* a whole row, also where a column has the table's name */
	row = makeNode(CoalesceExpr);
	row->args = list_make1(make_column(table->relname, NULL));
	row->location = -1;
	inner = copyObject(table);
	inner->alias = NULL;
	limit = makeNode(A_Const);
	limit->val.ival.type = T_Integer;
	limit->val.ival.ival = 0;
	limit->location = -1;
	select = make_select(list_make1(make_target((Node *) row)), (Node *) inner);
	select->limitCount = (Node *) limit;
	select->limitOption = LIMIT_OPTION_COUNT;
	sublink = makeNode(SubLink);
	sublink->subLinkType = EXPR_SUBLINK;
	sublink->subselect = (Node *) select;
	sublink->location = -1;
	return (Node *) sublink;
}

/*
 * (SELECT ... FROM temporal.flashback_versions(...) v) alias
 */
static Node *
reference_versions(SyntaxTranslation *translation, SyntaxClause *clause,
				   RangeVar *table, Oid relid, bool lateral)
{
	const SyntaxText *text = &translation->text;
	int			location = text->tokens[clause->token].start;
	List	   *args = list_make1(reference_row(table, relid));
	A_Indirection *row = makeNode(A_Indirection);
	RangeFunction *function = makeNode(RangeFunction);
	Node	   *call;
	List	   *targets;
	ListCell   *lc;

	if (!table->inh)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("ONLY cannot be combined with %s",
						syntax_clause_spelling(text, clause->token)),
				 syntax_errposition(text, clause->token)));
	reference_check_locks(translation, clause, table);

	foreach(lc, clause->args)
		args = lappend(args, syntax_make_cast(lfirst(lc), "timestamptz"));
	call = syntax_make_call(TEMPORAL_FLASHBACK_VERSIONS, args, location);
	function->functions = list_make1(list_make2(call, NIL));
	function->alias = makeAlias(VERSIONS_ALIAS, NIL);

	row->arg = make_column(VERSIONS_ALIAS, VERSIONS_ROW);
	row->indirection = list_make1(makeNode(A_Star));
	targets = list_make1(make_target((Node *) row));
	for (int i = 0; i < lengthof(versions_columns); i++)
		targets = lappend(targets,
						  make_target(make_column(VERSIONS_ALIAS,
												  versions_columns[i])));
	return (Node *) make_subselect(make_select(targets, (Node *) function),
								   table, lateral);
}
