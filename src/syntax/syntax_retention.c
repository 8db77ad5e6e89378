/*-------------------------------------------------------------------------
 *
 * syntax_retention.c
 *	  ALTER TABLE: the policy by which old versions go
 *
 *		SET RETENTION_PERIOD = value | SET RETENTION [=] value
 *		SET MAX_HISTORY_SIZE = value
 *		SET MAX_HISTORY_VERSIONS = value
 *		SET RETENTION_POLICY = (PERIOD = value, MAX_SIZE = value,
 *			MAX_VERSIONS = value, CONDITION = value,
 *			ARCHIVE_BEFORE_DELETE = value, ARCHIVE_LOCATION = value,
 *			SCHEDULE = value)
 *		RESET RETENTION
 *
 * Each becomes options in our namespace, as the sub-commands of syntax_alter.c
 * do.  RETENTION_POLICY is the whole policy: what it does not name is reset.
 *
 * A value is a constant: a string, a number, a bare word (TRUE, OFF), or
 * INTERVAL with a string, to which fields may be added (INTERVAL '2' YEAR).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "syntax/syntax_clause.h"
#include "syntax/syntax_expression.h"

#define POLICY_HINT \
	"RETENTION_POLICY takes a list in parentheses: (PERIOD = ..., MAX_SIZE = ..., MAX_VERSIONS = ..., CONDITION = ..., ARCHIVE_BEFORE_DELETE = ..., ARCHIVE_LOCATION = ..., SCHEDULE = ...)."
#define VALUE_HINT \
	"Values are constants: a string, a number, TRUE or FALSE, or INTERVAL '...'."

/* Parts of a policy, and the options that they become */
static const char *const policy_parts[][2] = {
	{"period", "retention_period"},
	{"max_size", "max_history_size"},
	{"max_versions", "max_history_versions"},
	{"condition", "retention_condition"},
	{"archive_before_delete", "archive_before_delete"},
	{"archive_location", "archive_location"},
	{"schedule", "retention_schedule"},
};

/*
 * The text of INTERVAL 'x' with fields, in a form that needs none.
 */
static char *
retention_interval(const TypeCast *cast, const char *value)
{
	List	   *typmods = cast->typeName->typmods;
	int32		fields = INTERVAL_FULL_RANGE;
	int32		precision = INTERVAL_FULL_PRECISION;
	Datum		interval;

	if (typmods == NIL)
		return pstrdup(value);
	fields = intVal(&linitial_node(A_Const, typmods)->val.ival);
	if (list_length(typmods) > 1)
		precision = intVal(&lsecond_node(A_Const, typmods)->val.ival);
	interval = DirectFunctionCall3(interval_in, CStringGetDatum(value),
								   ObjectIdGetDatum(InvalidOid),
								   Int32GetDatum(INTERVAL_TYPMOD(precision,
																 fields)));
	return DatumGetCString(DirectFunctionCall1(interval_out, interval));
}

/*
 * What the constant in tokens [first, end) says.
 */
static char *
retention_value(const SyntaxTranslation *translation, int first, int end)
{
	const SyntaxText *text = &translation->text;
	const SyntaxToken *token = syntax_token(text, first);
	const TypeCast *cast = NULL;
	Node	   *tree;
	const A_Const *constant;

	if (end == first + 1 &&
		(token->kind == TOKEN_NAME || token->kind == TOKEN_KEYWORD))
		return pnstrdup(text->text + token->start,
						token->end - token->start);

	tree = linitial(syntax_expression_list(translation, first, end));
	if (IsA(tree, TypeCast))
	{
		cast = (const TypeCast *) tree;
		tree = cast->arg;
	}
	if (!IsA(tree, A_Const) || ((A_Const *) tree)->isnull)
		syntax_error_at(text, first, VALUE_HINT);
	constant = (const A_Const *) tree;
	switch (nodeTag(&constant->val))
	{
		case T_String:
			if (cast != NULL &&
				strcmp(strVal(llast(cast->typeName->names)), "interval") == 0)
				return retention_interval(cast, strVal(&constant->val));
			return pstrdup(strVal(&constant->val));
		case T_Integer:
			return psprintf("%d", intVal(&constant->val));
		case T_Float:
			return pstrdup(castNode(Float, &constant->val)->fval);
		default:
			syntax_error_at(text, first, VALUE_HINT);
	}
}

/*
 * Reads a value from index on and adds the option; returns the index behind.
 */
static int
retention_add(const SyntaxTranslation *translation, int index,
			  const char *name, int location, List **options)
{
	const SyntaxText *text = &translation->text;
	const SyntaxToken *token = syntax_token(text, index);
	bool		word = (token->kind == TOKEN_NAME ||
						token->kind == TOKEN_KEYWORD) &&
		!syntax_is_word(text, index, SQL_INTERVAL);
	int			end = word ? index + 1 :
		syntax_expression_end(text, index, false);

	*options = lappend(*options,
					   syntax_option(name,
									 retention_value(translation, index, end),
									 location));
	return end;
}

/*
 * The option that the name at index stands for in a policy.
 */
static const char *
retention_part(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);
	int			length = token->end - token->start;

	for (int i = 0; i < lengthof(policy_parts); i++)
	{
		const char *part = policy_parts[i][0];

		if ((token->kind == TOKEN_NAME || token->kind == TOKEN_KEYWORD) &&
			length == strlen(part) &&
			pg_strncasecmp(text->text + token->start, part, length) == 0)
			return policy_parts[i][1];
	}
	if (token->kind == TOKEN_NAME || token->kind == TOKEN_KEYWORD)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized part of a retention policy: \"%.*s\"",
						length, text->text + token->start),
				 errhint(POLICY_HINT),
				 syntax_errposition(text, index)));
	syntax_error_at(text, index, POLICY_HINT);
}

/*
 * (PART = value, ...) from index on
 */
static int
retention_policy(const SyntaxTranslation *translation, int index,
				 int location, List **options)
{
	const SyntaxText *text = &translation->text;

	if (!syntax_is_sign(text, index, '('))
		syntax_error_at(text, index, POLICY_HINT);
	*options = list_make1(syntax_option("retention", "off", location));
	do
	{
		const char *part = retention_part(text, ++index);
		int			at = text->tokens[index].start;

		if (!syntax_is_sign(text, index + 1, '='))
			syntax_error_at(text, index + 1, POLICY_HINT);
		index = retention_add(translation, index + 2, part, at, options);
	} while (syntax_is_sign(text, index, ','));
	if (!syntax_is_sign(text, index, ')'))
		syntax_error_at(text, index, POLICY_HINT);
	return index + 1;
}

/*
 * Takes a sub-command about retention that begins at index.  Returns the
 * index behind it, or index if it is another one.
 */
int
syntax_take_retention(SyntaxTranslation *translation, int index)
{
	const SyntaxText *text = &translation->text;
	int			location = syntax_token(text, index)->start;
	int			next = index + 2;
	const char *name;
	List	   *options = NIL;

	if (syntax_is_word(text, index, SQL_RESET) &&
		syntax_is_word(text, index + 1, SQL_RETENTION))
	{
		options = list_make1(syntax_option("retention", "off", location));
		syntax_take_command(translation, index, next)->options = options;
		return next;
	}
	if (!syntax_is_word(text, index, SQL_SET))
		return index;
	switch (syntax_token(text, index + 1)->word)
	{
		case SQL_RETENTION:
		case SQL_RETENTION_PERIOD:
			name = "retention_period";
			break;
		case SQL_MAX_HISTORY_SIZE:
			name = "max_history_size";
			break;
		case SQL_MAX_HISTORY_VERSIONS:
			name = "max_history_versions";
			break;
		case SQL_RETENTION_POLICY:
			name = NULL;
			break;
		default:
			return index;
	}
	if (syntax_is_sign(text, next, '='))
		next++;
	else if (!syntax_is_word(text, index + 1, SQL_RETENTION))
		syntax_error_at(text, next, NULL);
	if (name == NULL)
		next = retention_policy(translation, next, location, &options);
	else
		next = retention_add(translation, next, name, location, &options);
	syntax_take_command(translation, index, next)->options = options;
	return next;
}
