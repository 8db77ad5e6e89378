/*-------------------------------------------------------------------------
 *
 * syntax_graft_table.c
 *	  Our clauses of CREATE TABLE and ALTER TABLE, back in the tree
 *
 * All of them become options in our namespace, which the grammar has and no
 * stock option uses, in the order in which they were written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "syntax/syntax_clause.h"

static void graft_generated(SyntaxTranslation *translation,
							SyntaxClause *clause, CreateStmt *create);
static void graft_misplaced(SyntaxClause *clause, CreateStmt *create);

void
syntax_graft_create(SyntaxTranslation *translation, CreateStmt *create)
{
	ListCell   *lc;

	foreach(lc, translation->clauses)
	{
		SyntaxClause *clause = lfirst(lc);

		if (clause->kind == CLAUSE_GENERATED)
			graft_generated(translation, clause, create);
		else if (clause->anchor != create->relation->location)
			continue;
		else if (clause->kind == CLAUSE_TABLE)
		{
			create->options = list_concat(create->options, clause->options);
			clause->placed = true;
		}
		else if (clause->kind == CLAUSE_MISPLACED)
			graft_misplaced(clause, create);
	}
}

/*
 * CREATE TABLE AS has its options in the description of its target.
 */
void
syntax_graft_into(SyntaxTranslation *translation, IntoClause *into)
{
	ListCell   *lc;

	if (into == NULL || into->rel == NULL)
		return;
	foreach(lc, translation->clauses)
	{
		SyntaxClause *clause = lfirst(lc);

		if (clause->kind == CLAUSE_TABLE &&
			clause->anchor == into->rel->location)
		{
			into->options = list_concat(into->options, clause->options);
			clause->placed = true;
		}
	}
}

void
syntax_graft_alter(SyntaxTranslation *translation, AlterTableStmt *alter)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, alter->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);
		List	   *options = (List *) command->def;
		DefElem    *option;

		if (command->subtype != AT_SetRelOptions || options == NIL)
			continue;
		option = linitial_node(DefElem, options);
		foreach(lc2, translation->clauses)
		{
			SyntaxClause *clause = lfirst(lc2);

			if (clause->kind != CLAUSE_ALTER ||
				clause->anchor != option->location)
				continue;
			/* a placeholder goes, options that were written stay */
			if (clause->placeholder)
				options = list_delete_first(options);
			command->def = (Node *) list_concat(clause->options, options);
			clause->placed = true;
			break;
		}
	}
}

/*
 * The option names the column as the grammar read it.
 */
static void
graft_generated(SyntaxTranslation *translation, SyntaxClause *clause,
				CreateStmt *create)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, create->tableElts)
	{
		ColumnDef  *column = lfirst(lc);

		if (!IsA(column, ColumnDef) || column->location != clause->anchor)
			continue;
		foreach(lc2, create->options)
		{
			DefElem    *option = lfirst_node(DefElem, lc2);

			if (option->defnamespace != NULL &&
				strcmp(option->defname, clause->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_SYNTAX_ERROR),
						 errmsg("more than one column is GENERATED ALWAYS AS ROW %s",
								strcmp(clause->name, "generated_start") == 0 ?
								"START" : "END"),
						 syntax_errposition(&translation->text,
											clause->token)));
		}
		create->options =
			lappend(create->options,
					syntax_option(clause->name, column->colname,
								  translation->text.tokens[clause->token].start));
		clause->placed = true;
		return;
	}
}

/*
 * Moves a stock clause from the statement it was parsed in.  That none is
 * repeated was seen when it was taken.
 */
static void
graft_misplaced(SyntaxClause *clause, CreateStmt *create)
{
	CreateStmt *stock = clause->stock;

	if (stock->inhRelations != NIL)
		create->inhRelations = stock->inhRelations;
	if (stock->partspec != NULL)
		create->partspec = stock->partspec;
	if (stock->accessMethod != NULL)
		create->accessMethod = stock->accessMethod;
	create->options = list_concat(stock->options, create->options);
	if (stock->oncommit != ONCOMMIT_NOOP)
		create->oncommit = stock->oncommit;
	if (stock->tablespacename != NULL)
		create->tablespacename = stock->tablespacename;
	clause->placed = true;
}
