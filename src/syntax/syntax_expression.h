/*-------------------------------------------------------------------------
 *
 * syntax_expression.h
 *	  Expressions inside our clauses
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_EXPRESSION_H
#define TEMPORAL_SYNTAX_EXPRESSION_H

#include "syntax/syntax_clause.h"

/*
 * Index of the first token that does not belong to the expression beginning
 * at index first.  With before_and, an AND at the expression's own level ends
 * it, as in BETWEEN a AND b.  Raises a syntax error where an operand is
 * missing.
 */
extern int	syntax_expression_end(const SyntaxText *text, int first,
								  bool before_and);

/*
 * Can what begins at index, behind a word that may be a name, only be an
 * operand?  What joins go on with, and operators, can be none.
 */
extern bool syntax_operand_begins(const SyntaxText *text, int index);

/*
 * Does a literal with its type before it begin at index, as in
 * TIMESTAMP (3) WITH TIME ZONE '2024-01-01'?
 */
extern bool syntax_is_typed_literal(const SyntaxText *text, int index);

/*
 * Raw parse trees of the comma-separated expressions in tokens [first, end),
 * with the locations that they have in the text.  What has been taken out of
 * them, clauses of sub-selects, is missing in the trees until it is grafted.
 */
extern List *syntax_expression_list(const SyntaxTranslation *translation,
									int first, int end);

/*
 * Does the expression name a column that may belong to a table further left
 * in FROM?  Aliases are those of the tables further left; with none there is
 * nothing to name.
 */
extern bool syntax_expression_is_sideways(Node *expression, List *aliases);

#endif							/* TEMPORAL_SYNTAX_EXPRESSION_H */
