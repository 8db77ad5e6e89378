/*-------------------------------------------------------------------------
 *
 * syntax_clause.h
 *	  Our clauses, found in the text and not yet in the tree
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_CLAUSE_H
#define TEMPORAL_SYNTAX_CLAUSE_H

#include "nodes/parsenodes.h"

#include "syntax/syntax_token.h"

typedef enum SyntaxClauseKind
{
	CLAUSE_SYSTEM_TIME,			/* FOR SYSTEM_TIME, AS OF behind a table */
	CLAUSE_VERSIONS,			/* VERSIONS BETWEEN behind a table */
	CLAUSE_TABLE,				/* options of a CREATE TABLE */
	CLAUSE_GENERATED,			/* GENERATED ALWAYS AS ROW START | END */
	CLAUSE_MISPLACED,			/* a stock clause of CREATE TABLE */
	CLAUSE_ALTER,				/* sub-command of ALTER TABLE */
	CLAUSE_FLASHBACK			/* FLASHBACK TABLE, a whole statement */
} SyntaxClauseKind;

typedef struct SyntaxClause
{
	SyntaxClauseKind kind;
	int			token;			/* its first word, where errors point */

	/*
	 * Where it goes: the location that the node has in the tree.  Of the
	 * table's name for clauses of a table, of the column's name for
	 * GENERATED, of the placeholder for ALTER and FLASHBACK.
	 */
	int			anchor;
	bool		placed;
	bool		placeholder;	/* ALTER: what is at anchor is not the user's */

	const char *name;			/* SYSTEM_TIME: method; GENERATED: option */
	List	   *args;			/* raw expressions: SYSTEM_TIME, VERSIONS: times;
								 * FLASHBACK: tables and time */
	List	   *options;		/* TABLE, ALTER: list of DefElem */
	CreateStmt *stock;			/* MISPLACED: a statement that has it */
} SyntaxClause;

/*
 * One translation: the text, what is left of it for the original parser, and
 * the clauses that were taken out.
 */
typedef struct SyntaxTranslation
{
	SyntaxText	text;
	char	   *rest;			/* NULL as long as nothing was taken */
	List	   *clauses;
	List	   *ctes;			/* WITH names in scope where the walk is */
	List	   *locking;		/* LockingClauses of the SELECT it is in */
} SyntaxTranslation;

/* syntax_clause.c */
extern SyntaxClause *syntax_take(SyntaxTranslation *translation,
								 SyntaxClauseKind kind, int first, int end);
extern void syntax_take_part(SyntaxTranslation *translation,
							 int first, int end);
extern void syntax_find_clauses(SyntaxTranslation *translation,
								int statement, int first, int end);
extern const char *syntax_clause_spelling(const SyntaxText *text, int index);

/* syntax_create.c */
extern DefElem *syntax_option(const char *name, const char *value,
							  int location);
extern int	syntax_period_options(const SyntaxTranslation *translation,
								  int open, int location, List **options);
extern void syntax_check_period_name(const SyntaxText *text, int index);
extern int	syntax_after_generated(const SyntaxText *text, int index,
								   const char **option);
extern void syntax_find_create(SyntaxTranslation *translation,
							   int first, int end);

/* syntax_alter.c */
extern void syntax_find_alter(SyntaxTranslation *translation,
							  int first, int end);

extern SyntaxClause *syntax_take_command(SyntaxTranslation *translation,
										 int first, int end);

/* syntax_retention.c */
extern int	syntax_take_retention(SyntaxTranslation *translation, int index);

/* syntax_flashback.c */
extern void syntax_find_flashback(SyntaxTranslation *translation,
								  int first, int end);
extern void syntax_graft_flashback(SyntaxTranslation *translation,
								   CallStmt *call);

/* syntax_graft.c */
extern void syntax_graft(SyntaxTranslation *translation, List *trees);

/* syntax_graft_reference.c */
extern Node *syntax_graft_reference(SyntaxTranslation *translation,
									SyntaxClause *clause, RangeVar *table,
									bool lateral);

/* syntax_graft_table.c */
extern void syntax_graft_create(SyntaxTranslation *translation,
								CreateStmt *create);
extern void syntax_graft_into(SyntaxTranslation *translation,
							  IntoClause *into);
extern void syntax_graft_alter(SyntaxTranslation *translation,
							   AlterTableStmt *alter);

#endif							/* TEMPORAL_SYNTAX_CLAUSE_H */
