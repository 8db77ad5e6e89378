/*-------------------------------------------------------------------------
 *
 * syntax_expression.c
 *	  Expressions inside our clauses
 *
 * The grammar rule would be "AS OF a_expr opt_alias_clause", and an LALR
 * parser of it would shift as long as it can.  Where such an expression ends
 * is decided by two states:
 *
 *		operand		a literal, name, call, parenthesis, CASE ... comes next;
 *					anything else is a syntax error
 *		operator	an operator that takes another operand leads back to
 *					"operand"; one that takes none (IS NULL, ::type, [1],
 *					COLLATE x) stays here; anything else ends the expression,
 *					so a bare name is an alias
 *
 * What stands in parentheses is stepped over: the original parser, to which
 * the expression is given in the end, knows its grammar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

#include "syntax/syntax_blank.h"
#include "syntax/syntax_expression.h"
#include "syntax/syntax_parse.h"

/* Behind IS [NOT], and nothing follows */
static const SyntaxWord expression_is_words[] = {
	SQL_NULL, SQL_TRUE, SQL_FALSE, SQL_UNKNOWN, SQL_DOCUMENT,
	SQL_NORMALIZED
};

/* Reserved words that are an operand on their own */
static const SyntaxWord expression_value_words[] = {
	SQL_NULL, SQL_TRUE, SQL_FALSE, SQL_DEFAULT, SQL_CURRENT_CATALOG,
	SQL_CURRENT_DATE, SQL_CURRENT_ROLE, SQL_CURRENT_TIME,
	SQL_CURRENT_TIMESTAMP, SQL_CURRENT_USER, SQL_LOCALTIME,
	SQL_LOCALTIMESTAMP, SQL_SESSION_USER, SQL_SYSTEM_USER, SQL_USER
};

/*
 * What the operators so far make of a word that follows.
 */
typedef struct ExpressionState
{
	bool		before_and;		/* an AND ends the expression */
	int			betweens;		/* BETWEENs whose AND is still to come */
	bool		escape;			/* a LIKE that may take an ESCAPE */
} ExpressionState;

static int	expression_after_operand(const SyntaxText *text, int index);
static int	expression_after_case(const SyntaxText *text, int index);
static int	expression_after_call(const SyntaxText *text, int index);
static int	expression_after_type(const SyntaxText *text, int index);
static int	expression_after_fields(const SyntaxText *text, int index);
static int	expression_after_suffix(const SyntaxText *text, int index);
static int	expression_after_infix(const SyntaxText *text, int index,
								   ExpressionState *state);
static int	expression_after_is(const SyntaxText *text, int index,
								bool *operand);

static bool
expression_is_one_of(const SyntaxText *text, int index,
					 const SyntaxWord *words, int count)
{
	for (int i = 0; i < count; i++)
		if (syntax_is_word(text, index, words[i]))
			return true;
	return false;
}

int
syntax_expression_end(const SyntaxText *text, int first, bool before_and)
{
	int			index = first;
	ExpressionState state = {.before_and = before_and};

	for (;;)
	{
		int			next;

		index = expression_after_operand(text, index);
		while ((next = expression_after_suffix(text, index)) > index)
			index = next;
		next = expression_after_infix(text, index, &state);
		if (next == index)
			return index;
		index = next;
	}
}

bool
syntax_operand_begins(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);

	switch (token->kind)
	{
		case TOKEN_NAME:
		case TOKEN_STRING:
		case TOKEN_NUMBER:
		case TOKEN_PARAM:
			return true;
		case TOKEN_KEYWORD:
			break;
		default:
			return token->sign == '(';
	}
	switch (token->word)
	{
		case SQL_ARRAY:
		case SQL_CASE:
		case SQL_CAST:
			return true;
		case SQL_AT:
			return !syntax_is_word(text, index + 1, SQL_TIME) &&
				!syntax_is_word(text, index + 1, SQL_LOCAL);
		case SQL_BETWEEN:
			return false;
		case SQL_OPERATOR:
			return !syntax_is_sign(text, index + 1, '(');
		default:
			break;
	}
	if (token->category == RESERVED_KEYWORD)
		return expression_is_one_of(text, index, expression_value_words,
									lengthof(expression_value_words));
	/* JOIN, LIKE and their like are names of functions at most */
	return token->category != TYPE_FUNC_NAME_KEYWORD;
}

bool
syntax_is_typed_literal(const SyntaxText *text, int index)
{
	int			type = expression_after_type(text, index);

	return type > index && syntax_token(text, type)->kind == TOKEN_STRING;
}

/*
 * Index behind an operand with the prefix operators before it.
 */
static int
expression_after_operand(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);

	/* prefix operators; a lone * is none */
	while ((token->kind == TOKEN_OPERATOR && token->sign != '*') ||
		   token->word == SQL_NOT ||
		   (token->word == SQL_OPERATOR &&
			syntax_is_sign(text, index + 1, '(')))
	{
		if (token->word == SQL_OPERATOR)
			index = syntax_after_group(text, index + 1);
		else
			index++;
		token = syntax_token(text, index);
	}

	switch (token->kind)
	{
		case TOKEN_STRING:
			return syntax_has_uescape(text, index) ? index + 3 : index + 1;
		case TOKEN_NUMBER:
		case TOKEN_PARAM:
			return index + 1;
		default:
			break;
	}
	if (token->sign == '(')
		return syntax_after_group(text, index);
	if (token->word == SQL_CASE)
		return expression_after_case(text, index);
	if ((token->word == SQL_ARRAY || token->word == SQL_CAST ||
		 token->word == SQL_UNIQUE || token->word == SQL_ANY ||
		 token->word == SQL_SOME || token->word == SQL_ALL) &&
		token->category == RESERVED_KEYWORD)
	{
		index++;
		if (!syntax_is_sign(text, index, '(') &&
			!(token->word == SQL_ARRAY && syntax_is_sign(text, index, '[')))
			syntax_error_at(text, index, NULL);
		return syntax_after_group(text, index);
	}
	if (token->word == SQL_COLLATION &&
		syntax_is_word(text, index + 1, SQL_FOR) &&
		syntax_is_sign(text, index + 2, '('))
		return syntax_after_group(text, index + 2);
	if (token->kind == TOKEN_KEYWORD && token->category == RESERVED_KEYWORD)
	{
		if (!expression_is_one_of(text, index, expression_value_words,
								  lengthof(expression_value_words)))
			syntax_error_at(text, index, NULL);
		index++;
		if (syntax_is_sign(text, index, '('))
			index = syntax_after_group(text, index);
		return index;
	}
	if (!syntax_is_name(text, index))
		syntax_error_at(text, index, NULL);
	return expression_after_call(text, index);
}

/*
 * Index behind the END of the CASE at index.
 */
static int
expression_after_case(const SyntaxText *text, int index)
{
	int			depth = 0;

	for (; index < text->count; index++)
	{
		const SyntaxToken *token = &text->tokens[index];

		if (token->sign == '(' || token->sign == '[')
			index = syntax_after_group(text, index) - 1;
		else if (token->sign == ')' || token->sign == ']' || token->sign == ';')
			syntax_error_at(text, index, NULL);
		else if (token->sign == '.')
			index++;
		else if (token->word == SQL_CASE)
			depth++;
		else if (token->word == SQL_END && --depth == 0)
			return index + 1;
	}
	syntax_error_at(text, index, NULL);
}

/*
 * Index behind what begins with a name: a column, a call with everything that
 * may follow it, or a literal with its type before it.
 */
static int
expression_after_call(const SyntaxText *text, int index)
{
	int			name = index;

	/* type 'literal', where the type may be several words */
	if (syntax_is_typed_literal(text, index))
	{
		index = expression_after_type(text, index) + 1;
		if (syntax_is_word(text, name, SQL_INTERVAL) &&
			!syntax_is_sign(text, name + 1, '('))
			index = expression_after_fields(text, index);
		return index;
	}

	index = syntax_after_name(text, index);
	if (!syntax_is_sign(text, index, '('))
		return index;
	index = syntax_after_group(text, index);
	if (syntax_is_word(text, index, SQL_WITHIN) &&
		syntax_is_word(text, index + 1, SQL_GROUP) &&
		syntax_is_sign(text, index + 2, '('))
		index = syntax_after_group(text, index + 2);
	if (syntax_is_word(text, index, SQL_FILTER) &&
		syntax_is_sign(text, index + 1, '('))
		index = syntax_after_group(text, index + 1);
	if (syntax_is_word(text, index, SQL_OVER))
	{
		if (syntax_is_sign(text, index + 1, '('))
			index = syntax_after_group(text, index + 1);
		else if (syntax_is_name(text, index + 1))
			index += 2;
		else
			syntax_error_at(text, index + 1, NULL);
	}
	return index;
}

/*
 * Index behind a type name, or index if none begins there.
 */
static int
expression_after_type(const SyntaxText *text, int index)
{
	SyntaxWord	word = syntax_token(text, index)->word;

	if (!syntax_is_name(text, index))
		return index;
	switch (word)
	{
		case SQL_DOUBLE:
			if (syntax_is_word(text, index + 1, SQL_PRECISION))
				index++;
			index++;
			break;
		case SQL_NATIONAL:
			if (syntax_is_word(text, index + 1, SQL_CHAR) ||
				syntax_is_word(text, index + 1, SQL_CHARACTER))
				index++;
			/* FALLTHROUGH */
		case SQL_CHARACTER:
		case SQL_CHAR:
		case SQL_NCHAR:
		case SQL_VARCHAR:
		case SQL_BIT:
			if (syntax_is_word(text, index + 1, SQL_VARYING))
				index++;
			index++;
			break;
		case SQL_INTERVAL:
			index = expression_after_fields(text, index + 1);
			break;
		default:
			index = syntax_after_name(text, index);
			break;
	}
	if (syntax_is_sign(text, index, '('))
		index = syntax_after_group(text, index);
	if ((word == SQL_TIME || word == SQL_TIMESTAMP) &&
		(syntax_is_word(text, index, SQL_WITH) ||
		 syntax_is_word(text, index, SQL_WITHOUT)) &&
		syntax_is_word(text, index + 1, SQL_TIME) &&
		syntax_is_word(text, index + 2, SQL_ZONE))
		index += 3;
	if (syntax_is_word(text, index, SQL_ARRAY))
		index++;
	while (syntax_is_sign(text, index, '['))
		index = syntax_after_group(text, index);
	return index;
}

/*
 * Index behind the fields of an interval: DAY, YEAR TO MONTH, SECOND (3) ...
 */
static int
expression_after_fields(const SyntaxText *text, int index)
{
	static const SyntaxWord fields[] = {
		SQL_YEAR, SQL_MONTH, SQL_DAY, SQL_HOUR, SQL_MINUTE, SQL_SECOND
	};

	if (!expression_is_one_of(text, index, fields, lengthof(fields)))
		return index;
	index++;
	if (syntax_is_word(text, index, SQL_TO) &&
		expression_is_one_of(text, index + 1, fields, lengthof(fields)))
		index += 2;
	if (syntax_is_word(text, index - 1, SQL_SECOND) &&
		syntax_is_sign(text, index, '('))
		index = syntax_after_group(text, index);
	return index;
}

/*
 * Index behind one operator that follows an operand and needs no other, or
 * index if none does.
 */
static int
expression_after_suffix(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);
	int			next;
	bool		operand;

	if (token->kind == TOKEN_CAST)
	{
		next = expression_after_type(text, index + 1);
		if (next == index + 1)
			syntax_error_at(text, next, NULL);
		return next;
	}
	if (token->sign == '[')
		return syntax_after_group(text, index);
	if (token->sign == '.')
	{
		if (syntax_is_sign(text, index + 1, '*') ||
			syntax_token(text, index + 1)->kind == TOKEN_KEYWORD)
			return index + 2;
		next = syntax_after_name(text, index + 1);
		if (next == index + 1)
			syntax_error_at(text, next, NULL);
		return next;
	}
	switch (token->word)
	{
		case SQL_ISNULL:
		case SQL_NOTNULL:
			return index + 1;
		case SQL_COLLATE:
			next = syntax_after_name(text, index + 1);
			if (next == index + 1)
				syntax_error_at(text, next, NULL);
			return next;
		case SQL_AT:
			/* AT LOCAL, since PostgreSQL 17 */
			if (syntax_is_word(text, index + 1, SQL_LOCAL))
				return index + 2;
			return index;
		case SQL_IS:
			next = expression_after_is(text, index, &operand);
			return operand ? index : next;
		default:
			return index;
	}
}

/*
 * Index behind one operator that needs an operand behind it as well, or index
 * if none follows: then the expression is over.
 */
static int
expression_after_infix(const SyntaxText *text, int index,
					   ExpressionState *state)
{
	const SyntaxToken *token = syntax_token(text, index);
	int			next = index;
	bool		operand;

	if (token->kind == TOKEN_OPERATOR)
		return index + 1;
	if (token->word == SQL_NOT)
		token = syntax_token(text, ++next);
	switch (token->word)
	{
		case SQL_IN:
			return next + 1;
		case SQL_LIKE:
		case SQL_ILIKE:
			state->escape = true;
			return next + 1;
		case SQL_SIMILAR:
			state->escape = true;
			if (syntax_is_word(text, next + 1, SQL_TO))
				return next + 2;
			break;
		case SQL_BETWEEN:
			state->betweens++;
			next++;
			if (syntax_is_word(text, next, SQL_SYMMETRIC) ||
				syntax_is_word(text, next, SQL_ASYMMETRIC))
				next++;
			return next;
		default:
			break;
	}
	if (next > index)
		return index;			/* a NOT that belongs to no operator */

	switch (token->word)
	{
		case SQL_AND:
			if (state->betweens > 0)
				state->betweens--;
			else if (state->before_and)
				return index;
			return index + 1;
		case SQL_OR:
		case SQL_OVERLAPS:
			return index + 1;
		case SQL_ESCAPE:
			return state->escape ? index + 1 : index;
		case SQL_OPERATOR:
			if (syntax_is_sign(text, index + 1, '('))
				return syntax_after_group(text, index + 1);
			return index;
		case SQL_AT:
			if (syntax_is_word(text, index + 1, SQL_TIME) &&
				syntax_is_word(text, index + 2, SQL_ZONE))
				return index + 3;
			return index;
		case SQL_IS:
			return expression_after_is(text, index, &operand);
		default:
			return index;
	}
}

/*
 * Index behind IS and the words that belong to it; *operand says whether an
 * operand must follow.
 */
static int
expression_after_is(const SyntaxText *text, int index, bool *operand)
{
	*operand = false;
	index++;
	if (syntax_is_word(text, index, SQL_NOT))
		index++;
	if (syntax_is_word(text, index, SQL_DISTINCT) &&
		syntax_is_word(text, index + 1, SQL_FROM))
	{
		*operand = true;
		return index + 2;
	}
	if (expression_is_one_of(text, index, expression_is_words,
							 lengthof(expression_is_words)))
		return index + 1;
	switch (syntax_token(text, index)->word)
	{
		case SQL_NFC:
		case SQL_NFD:
		case SQL_NFKC:
		case SQL_NFKD:
			if (syntax_is_word(text, index + 1, SQL_NORMALIZED))
				return index + 2;
			break;
		case SQL_JSON:
			/* IS JSON [VALUE | ARRAY | OBJECT | SCALAR], since 16 */
			index++;
			if (syntax_is_word(text, index, SQL_VALUE) ||
				syntax_is_word(text, index, SQL_ARRAY) ||
				syntax_is_word(text, index, SQL_OBJECT) ||
				syntax_is_word(text, index, SQL_SCALAR))
				index++;
			if ((syntax_is_word(text, index, SQL_WITH) ||
				 syntax_is_word(text, index, SQL_WITHOUT)) &&
				syntax_is_word(text, index + 1, SQL_UNIQUE))
			{
				index += 2;
				if (syntax_is_word(text, index, SQL_KEYS))
					index++;
			}
			return index;
		default:
			break;
	}
	syntax_error_at(text, index, NULL);
}

/*
 * Where an expression's text ends and what follows it in the statement, for
 * the wording of errors.
 */
typedef struct ExpressionEnd
{
	const SyntaxText *text;
	int			end;
	int			position;
} ExpressionEnd;

/*
 * What the parser of an expression takes for the end of input is the token
 * that follows the expression in the statement.
 */
static void
expression_error_callback(void *arg)
{
	ExpressionEnd *end = (ExpressionEnd *) arg;
	const SyntaxToken *token = syntax_token(end->text, end->end);

	if (geterrcode() == ERRCODE_SYNTAX_ERROR &&
		token->kind != TOKEN_END && geterrposition() == end->position)
		errmsg("syntax error at or near \"%s\"",
			   pnstrdup(end->text->text + token->start,
						token->end - token->start));
}

/*
 * SELECT list of the text in tokens [first, end), which the original parser
 * gets with everything before it blanked, so that places stay the same.
 */
static List *
expression_parse_targets(const SyntaxTranslation *translation,
						 int first, int end)
{
	const SyntaxText *text = &translation->text;
	int			from = syntax_token(text, first)->start;
	int			to = syntax_token(text, end)->start;
	char	   *part = pnstrdup(translation->rest ? translation->rest :
								text->text, to);
	ErrorContextCallback callback;
	ExpressionEnd expression_end;
	List	   *trees;
	SelectStmt *select;

	/* a long text with many clauses is read again for each */
	CHECK_FOR_INTERRUPTS();
	syntax_blank(part, 0, from);

	expression_end.text = text;
	expression_end.end = end;
	expression_end.position = pg_mbstrlen_with_len(text->text, to) + 1;
	callback.callback = expression_error_callback;
	callback.arg = &expression_end;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	trees = syntax_parse_stock(part, RAW_PARSE_PLPGSQL_EXPR);

	error_context_stack = callback.previous;
	pfree(part);

	select = (SelectStmt *) linitial_node(RawStmt, trees)->stmt;
	if (!IsA(select, SelectStmt) || select->distinctClause != NIL ||
		select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->sortClause != NIL ||
		select->limitCount != NULL || select->limitOffset != NULL ||
		select->lockingClause != NIL || select->targetList == NIL)
		syntax_error_at(text, first, NULL);
	return select->targetList;
}

List *
syntax_expression_list(const SyntaxTranslation *translation,
					   int first, int end)
{
	List	   *targets = expression_parse_targets(translation, first, end);
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, targets)
	{
		ResTarget  *target = lfirst_node(ResTarget, lc);

		if (target->name != NULL)
			syntax_error_at(&translation->text, first, NULL);
		result = lappend(result, target->val);
	}
	return result;
}

/*
 * A column without a qualifier may be one of a table further left, also in a
 * sub-select: whether that has such a column itself only the catalog knows.
 */
static bool
expression_sideways_walker(Node *node, void *arg)
{
	List	   *aliases = (List *) arg;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
	{
		List	   *fields = ((ColumnRef *) node)->fields;
		int			last = list_length(fields) - 1;
		ListCell   *lc;

		if (last == 0)
			return !IsA(linitial(fields), A_Star);
		foreach(lc, aliases)
		{
			/* a.c, s.t.c, a.c.f: any part but the last may be the table */
			for (int i = 0; i < last; i++)
				if (IsA(list_nth(fields, i), String) &&
					strcmp(strVal(list_nth(fields, i)), lfirst(lc)) == 0)
					return true;
		}
		return false;
	}
	return raw_expression_tree_walker(node, expression_sideways_walker, arg);
}

bool
syntax_expression_is_sideways(Node *expression, List *aliases)
{
	return aliases != NIL && expression_sideways_walker(expression, aliases);
}
