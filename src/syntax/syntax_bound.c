/*-------------------------------------------------------------------------
 *
 * syntax_bound.c
 *	  Points in time in our clauses, and what they are measured in
 *
 *		[TIMESTAMP] x			x
 *		SCN n					temporal.time_of_scn(n)
 *		TRANSACTION n			temporal.time_of_transaction(n)
 *		SNAPSHOT name			temporal.time_of_snapshot(name)
 *
 * NAMES.  Each of these words is a good name of a column or a variable, too.
 * It is a unit if an operand begins behind it, and else a name:
 *
 *		unit	SCN 4711, SCN $1, SNAPSHOT 'x', SCN n, SCN s.n, SCN f(x),
 *				SCN (x), SCN CASE ..., TIMESTAMP now()
 *		name	scn, scn e.g. before WHERE, scn.x, scn[1], scn + 1, scn - 1,
 *				scn::int, scn AT TIME ZONE ..., scn IS NULL, scn AS e
 *
 * So a bare alias behind such a name, and a call of a function of such a name,
 * are read the other way: "scn e" wants AS, and "scn(1)" quotes or a schema.
 * TIMESTAMP before a string is a part of the expression.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "syntax/syntax_bound.h"
#include "syntax/syntax_expression.h"
#include "temporal.h"

/* What turns a number or a name into a time */
static const char *const bound_functions[] = {
	[UNIT_SCN] = TEMPORAL_TIME_OF_SCN,
	[UNIT_TRANSACTION] = TEMPORAL_TIME_OF_TRANSACTION,
	[UNIT_SNAPSHOT] = TEMPORAL_TIME_OF_SNAPSHOT
};

SyntaxUnit
syntax_unit(const SyntaxText *text, int index)
{
	switch (syntax_token(text, index)->word)
	{
		case SQL_TIMESTAMP:
			return UNIT_TIMESTAMP;
		case SQL_SCN:
			return UNIT_SCN;
		case SQL_TRANSACTION:
			return UNIT_TRANSACTION;
		case SQL_SNAPSHOT:
			return UNIT_SNAPSHOT;
		default:
			return UNIT_NONE;
	}
}

int
syntax_bound_end(const SyntaxText *text, int index, bool has_unit,
				 bool before_and, SyntaxBound *bound)
{
	bound->unit = syntax_unit(text, index);
	bound->word = index;
	bound->first = index;
	if (bound->unit == UNIT_TIMESTAMP && syntax_is_typed_literal(text, index))
		 /* the word belongs to the string */ ;
	else if (bound->unit != UNIT_NONE &&
			 (has_unit || syntax_operand_begins(text, index + 1)))
		bound->first++;
	else
		bound->unit = UNIT_NONE;
	bound->end = syntax_expression_end(text, bound->first, before_and);
	return bound->end;
}

Node *
syntax_bound_time(SyntaxTranslation *translation, int statement,
				  const SyntaxBound *bound)
{
	const SyntaxText *text = &translation->text;
	List	   *list;

	syntax_find_clauses(translation, statement, bound->first, bound->end);
	list = syntax_expression_list(translation, bound->first, bound->end);
	if (list_length(list) != 1)
		syntax_error_at(text, bound->first, NULL);
	if (bound->unit <= UNIT_TIMESTAMP)
		return linitial(list);
	return syntax_make_call(bound_functions[bound->unit], list,
							text->tokens[bound->word].start);
}

Node *
syntax_make_call(const char *name, List *args, int location)
{
	return (Node *) makeFuncCall(list_make2(makeString(pstrdup(TEMPORAL_SCHEMA)),
											makeString(pstrdup(name))),
								 args, COERCE_EXPLICIT_CALL, location);
}

Node *
syntax_make_string(const char *value, int location)
{
	A_Const    *constant = makeNode(A_Const);

	constant->val.sval.type = T_String;
	constant->val.sval.sval = pstrdup(value);
	constant->location = location;
	return (Node *) constant;
}

Node *
syntax_make_cast(Node *expression, const char *type)
{
	TypeCast   *cast = makeNode(TypeCast);

	cast->arg = expression;
	cast->typeName =
		makeTypeNameFromNameList(list_make2(makeString("pg_catalog"),
											makeString(pstrdup(type))));
	/* no place of its own: what fails is what was written */
	cast->location = -1;
	return (Node *) cast;
}
