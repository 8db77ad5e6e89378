/*-------------------------------------------------------------------------
 *
 * syntax_expression.h
 *	  Expressions inside our clauses
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_EXPRESSION_H
#define TEMPORAL_SYNTAX_EXPRESSION_H

#include "nodes/pg_list.h"

#include "syntax/syntax_token.h"

/*
 * Index of the first token that does not belong to the expression beginning
 * at index first.  With before_and, an AND at the expression's own level ends
 * it, as in BETWEEN a AND b.  Raises a syntax error where an operand is
 * missing.
 */
extern int	syntax_expression_end(const SyntaxText *text, int first,
								  bool before_and);

/*
 * Raw parse tree of the expression in tokens [first, end), with the locations
 * it has in the text.
 */
extern Node *syntax_expression_parse(const SyntaxText *text, int first,
									 int end);

/*
 * Raw trees of a comma-separated list of expressions in tokens [first, end).
 */
extern List *syntax_expression_list(const SyntaxText *text, int first,
									int end);

/*
 * Does the expression name a column that may belong to a table further left
 * in FROM?  Aliases are those of the tables further left; with none there is
 * nothing to name.
 */
extern bool syntax_expression_is_sideways(Node *expression, List *aliases);

#endif							/* TEMPORAL_SYNTAX_EXPRESSION_H */
