/*-------------------------------------------------------------------------
 *
 * syntax_bound.h
 *	  Points in time in our clauses, and what they are measured in
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_BOUND_H
#define TEMPORAL_SYNTAX_BOUND_H

#include "syntax/syntax_clause.h"

typedef enum SyntaxUnit
{
	UNIT_NONE,					/* a time without a word before it */
	UNIT_TIMESTAMP,
	UNIT_SCN,
	UNIT_TRANSACTION,
	UNIT_SNAPSHOT
} SyntaxUnit;

typedef struct SyntaxBound
{
	SyntaxUnit	unit;
	int			word;			/* token of the unit's word, if there is one */
	int			first;			/* tokens [first, end) of the expression */
	int			end;
} SyntaxBound;

/*
 * The unit that the word at an index is the name of, UNIT_NONE for any other.
 */
extern SyntaxUnit syntax_unit(const SyntaxText *text, int index);

/*
 * Reads a point in time from index on and returns the index behind it.  The
 * word of a unit is one if what follows can only be its expression; see the
 * head of syntax_bound.c.  With has_unit it is known to be one.  Before_and is
 * that of syntax_expression_end().
 */
extern int	syntax_bound_end(const SyntaxText *text, int index, bool has_unit,
							 bool before_and, SyntaxBound *bound);

/*
 * The raw parse tree of a point in time, in a statement that begins at the
 * token given; the clauses in its sub-selects have been found and taken.
 */
extern Node *syntax_bound_time(SyntaxTranslation *translation, int statement,
							   const SyntaxBound *bound);

/*
 * Raw parse trees that nobody wrote: a call of a function of ours, a string
 * constant, a cast to a type of the system.  A location may be -1.
 */
extern Node *syntax_make_call(const char *name, List *args, int location);
extern Node *syntax_make_string(const char *value, int location);
extern Node *syntax_make_cast(Node *expression, const char *type);

#endif							/* TEMPORAL_SYNTAX_BOUND_H */
