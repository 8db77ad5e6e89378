/*-------------------------------------------------------------------------
 *
 * syntax_graft.c
 *	  Our query clauses, back in the tree
 *
 * The original parser has left a plain table reference where a clause was
 * taken out behind it.  A clause knows the location of that table's name; a
 * walk over every FROM clause finds the table with this location and replaces
 * it by what syntax_graft_reference.c makes of both.
 *
 * SIDEWAYS.  A time may be made of columns of tables further left.  A name in
 * it may as well be a variable or a column of an outer query, and the tree
 * without LATERAL is better where it will do.  LATERAL is taken when the name
 * is qualified with one further left, or is not qualified and there is
 * something further left; see syntax_expression_is_sideways().  That is more
 * often than need be, and never too seldom: left plain, the name might silently
 * be found further out.
 *
 * COMMON TABLE EXPRESSIONS.  An unqualified name that a WITH around it defines
 * is no table, and its versions are to be asked for inside the WITH.  The walk
 * keeps the names in scope, by the rules of parse analysis: a query of WITH
 * sees the names before its own, with RECURSIVE all of them.
 *
 * UTILITY STATEMENTS.  raw_expression_tree_walker() does not know them, so
 * those that hold queries or expressions are listed in graft_statement().  A
 * clause that the walk does not meet is a syntax error, never forgotten.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"

#include "syntax/syntax_clause.h"
#include "syntax/syntax_expression.h"

static bool graft_walker(Node *node, void *arg);
static void graft_expression(SyntaxTranslation *translation, Node *node);
static WithClause *graft_with_clause(Node *node);
static void graft_with(SyntaxTranslation *translation, WithClause *with);
static void graft_statement(SyntaxTranslation *translation, Node *node);
static void graft_from(SyntaxTranslation *translation, List *items);
static void graft_item(SyntaxTranslation *translation, Node **item,
					   List **left);
static SyntaxClause *graft_clause(SyntaxTranslation *translation,
								  RangeVar *table);
static bool graft_is_cte(SyntaxTranslation *translation, RangeVar *table);
static Node *graft_table(SyntaxTranslation *translation, RangeVar *table,
						 List *left);
static void graft_constraints(SyntaxTranslation *translation, List *nodes);

/*
 * Puts every clause of the translation into the trees, or raises a syntax
 * error at the first one that belongs nowhere.
 */
void
syntax_graft(SyntaxTranslation *translation, List *trees)
{
	SyntaxClause *homeless = NULL;
	ListCell   *lc;

	foreach(lc, trees)
		graft_statement(translation, lfirst(lc));

	foreach(lc, translation->clauses)
	{
		SyntaxClause *clause = lfirst(lc);

		if (!clause->placed &&
			(homeless == NULL || clause->token < homeless->token))
			homeless = clause;
	}
	if (homeless != NULL)
		syntax_error_at(&translation->text, homeless->token,
						homeless->kind != CLAUSE_SYSTEM_TIME &&
						homeless->kind != CLAUSE_VERSIONS ? NULL :
						psprintf("%s stands behind a table in FROM, before its alias.",
								 syntax_clause_spelling(&translation->text,
														homeless->token)));
}

/*
 * Visits every query inside an expression or a query.
 */
static bool
graft_walker(Node *node, void *arg)
{
	SyntaxTranslation *translation = (SyntaxTranslation *) arg;
	List	   *ctes = translation->ctes;
	WithClause *with;

	if (node == NULL)
		return false;
	check_stack_depth();
	with = graft_with_clause(node);
	if (with != NULL)
		graft_with(translation, with);
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			{
				List	   *locking = translation->locking;

				translation->locking = ((SelectStmt *) node)->lockingClause;
				graft_from(translation, ((SelectStmt *) node)->fromClause);
				translation->locking = locking;
				break;
			}
		case T_UpdateStmt:
			graft_from(translation, ((UpdateStmt *) node)->fromClause);
			break;
		case T_DeleteStmt:
			graft_from(translation, ((DeleteStmt *) node)->usingClause);
			break;
		case T_MergeStmt:
			{
				List	   *left = NIL;

				graft_item(translation,
						   &((MergeStmt *) node)->sourceRelation, &left);
				break;
			}
		case T_WithClause:
			/* visited before the statement that has it */
			return false;
		default:
			break;
	}
	(void) raw_expression_tree_walker(node, graft_walker, arg);
	translation->ctes = ctes;
	return false;
}

/*
 * The WITH of a statement, or NULL.
 */
static WithClause *
graft_with_clause(Node *node)
{
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			return ((SelectStmt *) node)->withClause;
		case T_InsertStmt:
			return ((InsertStmt *) node)->withClause;
		case T_UpdateStmt:
			return ((UpdateStmt *) node)->withClause;
		case T_DeleteStmt:
			return ((DeleteStmt *) node)->withClause;
		case T_MergeStmt:
			return ((MergeStmt *) node)->withClause;
		default:
			return NULL;
	}
}

/*
 * Visits the queries of a WITH, and leaves its names in scope, in a list of
 * their own: the caller goes back to the one that it had.
 */
static void
graft_with(SyntaxTranslation *translation, WithClause *with)
{
	List	   *visible = list_copy(translation->ctes);
	ListCell   *lc;

	if (with->recursive)
		foreach(lc, with->ctes)
			visible = lappend(visible,
							  lfirst_node(CommonTableExpr, lc)->ctename);
	foreach(lc, with->ctes)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, lc);

		translation->ctes = visible;
		graft_expression(translation, cte->ctequery);
		if (!with->recursive)
			visible = lappend(visible, cte->ctename);
	}
	translation->ctes = visible;
}

static void
graft_expression(SyntaxTranslation *translation, Node *node)
{
	(void) graft_walker(node, translation);
}

/*
 * Visits one statement, or a list of them.
 */
static void
graft_statement(SyntaxTranslation *translation, Node *node)
{
	ListCell   *lc;

	if (node == NULL)
		return;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_List:
			foreach(lc, (List *) node)
				graft_statement(translation, lfirst(lc));
			break;
		case T_RawStmt:
			graft_statement(translation, ((RawStmt *) node)->stmt);
			break;
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_PLAssignStmt:
			graft_expression(translation, node);
			break;
		case T_ReturnStmt:
			graft_expression(translation, ((ReturnStmt *) node)->returnval);
			break;
		case T_ExplainStmt:
			graft_statement(translation, ((ExplainStmt *) node)->query);
			break;
		case T_PrepareStmt:
			graft_statement(translation, ((PrepareStmt *) node)->query);
			break;
		case T_ExecuteStmt:
			graft_expression(translation, (Node *) ((ExecuteStmt *) node)->params);
			break;
		case T_DeclareCursorStmt:
			graft_statement(translation, ((DeclareCursorStmt *) node)->query);
			break;
		case T_CreateTableAsStmt:
			graft_statement(translation, ((CreateTableAsStmt *) node)->query);
			syntax_graft_into(translation, ((CreateTableAsStmt *) node)->into);
			break;
		case T_ViewStmt:
			graft_statement(translation, ((ViewStmt *) node)->query);
			break;
		case T_CopyStmt:
			graft_statement(translation, ((CopyStmt *) node)->query);
			graft_expression(translation, ((CopyStmt *) node)->whereClause);
			break;
		case T_RuleStmt:
			graft_statement(translation, (Node *) ((RuleStmt *) node)->actions);
			graft_expression(translation, ((RuleStmt *) node)->whereClause);
			break;
		case T_CallStmt:
			syntax_graft_flashback(translation, (CallStmt *) node);
			graft_expression(translation, (Node *) ((CallStmt *) node)->funccall);
			break;
		case T_CreateFunctionStmt:
			graft_statement(translation, ((CreateFunctionStmt *) node)->sql_body);
			foreach(lc, ((CreateFunctionStmt *) node)->parameters)
				graft_expression(translation,
								 lfirst_node(FunctionParameter, lc)->defexpr);
			break;
		case T_CreatePolicyStmt:
			graft_expression(translation, ((CreatePolicyStmt *) node)->qual);
			graft_expression(translation, ((CreatePolicyStmt *) node)->with_check);
			break;
		case T_AlterPolicyStmt:
			graft_expression(translation, ((AlterPolicyStmt *) node)->qual);
			graft_expression(translation, ((AlterPolicyStmt *) node)->with_check);
			break;
		case T_CreateTrigStmt:
			graft_expression(translation, ((CreateTrigStmt *) node)->whenClause);
			break;
		case T_CreateSchemaStmt:
			graft_statement(translation,
							(Node *) ((CreateSchemaStmt *) node)->schemaElts);
			break;
		case T_CreateForeignTableStmt:
		case T_CreateStmt:
			graft_constraints(translation, ((CreateStmt *) node)->tableElts);
			syntax_graft_create(translation, (CreateStmt *) node);
			break;
		case T_CreateDomainStmt:
			graft_constraints(translation, ((CreateDomainStmt *) node)->constraints);
			break;
		case T_AlterTableStmt:
			syntax_graft_alter(translation, (AlterTableStmt *) node);
			foreach(lc, ((AlterTableStmt *) node)->cmds)
			{
				Node	   *def = lfirst_node(AlterTableCmd, lc)->def;

				if (def != NULL && (IsA(def, ColumnDef) || IsA(def, Constraint)))
					graft_constraints(translation, list_make1(def));
			}
			break;
		default:
			break;
	}
}

/*
 * Visits the expressions of columns and constraints.  PostgreSQL refuses
 * sub-selects there later, and says so better than a syntax error.
 */
static void
graft_constraints(SyntaxTranslation *translation, List *nodes)
{
	ListCell   *lc;

	foreach(lc, nodes)
	{
		Node	   *node = lfirst(lc);

		if (IsA(node, ColumnDef))
		{
			graft_expression(translation, ((ColumnDef *) node)->raw_default);
			graft_constraints(translation, ((ColumnDef *) node)->constraints);
		}
		else if (IsA(node, Constraint))
			graft_expression(translation, ((Constraint *) node)->raw_expr);
	}
}

static void
graft_from(SyntaxTranslation *translation, List *items)
{
	List	   *left = NIL;
	ListCell   *lc;

	foreach(lc, items)
		graft_item(translation, (Node **) &lfirst(lc), &left);
}

/*
 * Remembers the name by which an item can be referred to further right.
 */
static void
graft_note_name(List **left, Alias *alias, const char *name)
{
	*left = lappend(*left, pstrdup(alias != NULL ? alias->aliasname : name));
}

/*
 * The name that a function in FROM without an alias has, "" if none.
 */
static const char *
graft_function_name(RangeFunction *range)
{
	Node	   *function = linitial(linitial_node(List, range->functions));

	if (!IsA(function, FuncCall))
		return "";
	return strVal(llast(((FuncCall *) function)->funcname));
}

/*
 * Replaces the tables in one item of a FROM clause.  Left has the names of
 * the items further left, to which this one's are added.
 */
static void
graft_item(SyntaxTranslation *translation, Node **item, List **left)
{
	check_stack_depth();
	switch (nodeTag(*item))
	{
		case T_RangeVar:
			{
				RangeVar   *table = (RangeVar *) *item;
				Alias	   *alias = table->alias;

				*item = graft_table(translation, table, *left);
				graft_note_name(left, alias, table->relname);
				break;
			}
		case T_JoinExpr:
			{
				JoinExpr   *join = (JoinExpr *) *item;

				graft_item(translation, &join->larg, left);
				graft_item(translation, &join->rarg, left);
				if (join->alias != NULL)
					graft_note_name(left, join->alias, NULL);
				if (join->join_using_alias != NULL)
					graft_note_name(left, join->join_using_alias, NULL);
				break;
			}
		case T_RangeTableSample:
			{
				RangeTableSample *sample = (RangeTableSample *) *item;
				RangeVar   *table = (RangeVar *) sample->relation;
				SyntaxClause *clause;

				if (!IsA(table, RangeVar))
					break;
				/* ours, inside a LATERAL, has got its clause */
				clause = graft_clause(translation, table);
				if (clause != NULL)
					ereport(ERROR,
							(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							 errmsg("TABLESAMPLE cannot be combined with %s",
									syntax_clause_spelling(&translation->text,
														   clause->token)),
							 syntax_errposition_at(&translation->text,
												   sample->location)));
				graft_note_name(left, table->alias, table->relname);
				break;
			}
		case T_RangeSubselect:
			graft_note_name(left, ((RangeSubselect *) *item)->alias, "");
			break;
		case T_RangeFunction:
			graft_note_name(left, ((RangeFunction *) *item)->alias,
							graft_function_name((RangeFunction *) *item));
			break;
		case T_RangeTableFunc:
			graft_note_name(left, ((RangeTableFunc *) *item)->alias, "");
			break;
#ifdef TEMPORAL_HAS_JSON_TABLE
		case T_JsonTable:
			graft_note_name(left, ((JsonTable *) *item)->alias, "");
			break;
#endif
		default:
			/* a kind of item that is newer than this code */
			graft_note_name(left, NULL, "");
			break;
	}
}

/*
 * The clause that was written behind the table and has no place yet, or NULL.
 */
static SyntaxClause *
graft_clause(SyntaxTranslation *translation, RangeVar *table)
{
	ListCell   *lc;

	foreach(lc, translation->clauses)
	{
		SyntaxClause *clause = lfirst(lc);

		if ((clause->kind == CLAUSE_SYSTEM_TIME ||
			 clause->kind == CLAUSE_VERSIONS) &&
			!clause->placed && clause->anchor == table->location)
			return clause;
	}
	return NULL;
}

/*
 * Does the name mean a query of a WITH around it?
 */
static bool
graft_is_cte(SyntaxTranslation *translation, RangeVar *table)
{
	ListCell   *lc;

	if (table->schemaname != NULL)
		return false;
	foreach(lc, translation->ctes)
		if (strcmp(lfirst(lc), table->relname) == 0)
			return true;
	return false;
}

/*
 * Returns what stands for the table in the tree: itself, unless one of our
 * clauses was written behind it.
 */
static Node *
graft_table(SyntaxTranslation *translation, RangeVar *table, List *left)
{
	SyntaxClause *clause = graft_clause(translation, table);

	if (clause == NULL)
		return (Node *) table;
	clause->placed = true;
	if (graft_is_cte(translation, table))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a common table expression",
						syntax_clause_spelling(&translation->text,
											   clause->token)),
				 errhint("Write it behind the tables inside the WITH query."),
				 syntax_errposition(&translation->text, clause->token)));

	/* what its sub-selects refer to decides as well */
	graft_expression(translation, (Node *) clause->args);
	return syntax_graft_reference(translation, clause, table,
								  syntax_expression_is_sideways((Node *) clause->args,
																left));
}
