/*-------------------------------------------------------------------------
 *
 * syntax_clause.c
 *	  FOR SYSTEM_TIME, AS OF and VERSIONS BETWEEN behind a table
 *
 *		table FOR SYSTEM_TIME
 *			AS OF x | FROM a TO b | BETWEEN [ASYMMETRIC | SYMMETRIC] a AND b |
 *			CONTAINED IN (a, b) | ALL
 *		(SQL:2011 part 2, 7.6 <table reference>, and SQL Server's additions)
 *
 *		table AS OF {TIMESTAMP x | SCN n | TRANSACTION n | SNAPSHOT x | NOW}
 *		table VERSIONS BETWEEN
 *			{TIMESTAMP | SCN} {a | MINVALUE} AND {b | MAXVALUE}
 *		(Oracle's flashback query, its short form and its versions query)
 *
 * The points in time are read by syntax_bound.c.
 *
 * The words FOR SYSTEM_TIME cannot stand behind a name in stock grammar, with
 * one exception: SUBSTRING(x FOR system_time) and OVERLAY(...) with a column
 * of that name, which the parenthesis around gives away.  Three utility
 * statements let a free name follow FOR; they hold no queries.
 *
 * The short form begins like an alias "of", which remains one: the words that
 * we want behind it cannot follow an alias, nor anything else that AS names.
 *
 * VERSIONS is an alias as well, and a column's name.  Behind a name, and
 * before BETWEEN, it is neither; keywords that are names and can stand before
 * an expression, as in ORDER BY versions BETWEEN ..., are told apart by the
 * word before them.
 *
 * A kind of clause is one function that reads it, listed in
 * syntax_find_clauses() or in clause_after_period().
 *
 * NOW.  It means the present, whatever the server's clock says, and becomes
 * the time "infinity", for which there are the current rows and no others.
 * A word NOW that an expression goes on behind is a column, a call or a type.
 *
 * NESTING.  An expression may hold sub-selects with clauses of their own.
 * They are found and taken out before the expression is parsed, and grafted
 * into its tree when that has its place; no text is scanned twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "miscadmin.h"

#include "syntax/syntax_blank.h"
#include "syntax/syntax_bound.h"
#include "syntax/syntax_clause.h"
#include "syntax/syntax_expression.h"
#include "temporal.h"

#define CLAUSE_HINT \
	"FOR SYSTEM_TIME is followed by AS OF, FROM ... TO, BETWEEN ... AND, CONTAINED IN (...) or ALL."

#define VERSIONS_HINT \
	"VERSIONS BETWEEN is followed by TIMESTAMP or SCN, a bound or MINVALUE, AND, a bound or MAXVALUE."

/* What NOW and MAXVALUE mean, and MINVALUE */
#define CLAUSE_PRESENT		"infinity"
#define CLAUSE_FIRST		"-infinity"

/*
 * A clause being read.
 */
typedef struct ClauseReader
{
	SyntaxTranslation *translation;
	int			statement;		/* first token of its statement */
	const char *method;
	List	   *args;
} ClauseReader;

static bool clause_begins(const SyntaxText *text, int first, int index);
static bool clause_short_begins(const SyntaxText *text, int index);
static bool clause_versions_begins(const SyntaxText *text, int index);
static bool clause_item_begins(const SyntaxText *text, int index);
static int	clause_table(const SyntaxText *text, int index);
pg_noreturn static void clause_refuse_group(const SyntaxText *text, int index,
											int open);
static int	clause_after_period(ClauseReader *reader, int index);
static int	clause_as_of(ClauseReader *reader, int index);
static int	clause_short_as_of(ClauseReader *reader, int index);
static int	clause_pair(ClauseReader *reader, int index,
						SyntaxWord separator);
static int	clause_contained_in(ClauseReader *reader, int index);
static int	clause_versions(ClauseReader *reader, int index);

/*
 * Takes tokens [first, end) out of what the original parser gets.
 */
void
syntax_take_part(SyntaxTranslation *translation, int first, int end)
{
	SyntaxText *text = &translation->text;

	if (translation->rest == NULL)
		translation->rest = pnstrdup(text->text, text->length);
	syntax_blank(translation->rest, text->tokens[first].start,
				 text->tokens[end].start);
	for (int i = first; i < end; i++)
		text->tokens[i].taken = true;
}

/*
 * Does the same for a clause, and remembers it.
 */
SyntaxClause *
syntax_take(SyntaxTranslation *translation, SyntaxClauseKind kind,
			int first, int end)
{
	SyntaxClause *clause = palloc0(sizeof(SyntaxClause));

	syntax_take_part(translation, first, end);
	clause->kind = kind;
	clause->token = first;
	clause->anchor = -1;
	translation->clauses = lappend(translation->clauses, clause);
	return clause;
}

/*
 * Finds the query clauses in tokens [first, end) of a statement.
 */
void
syntax_find_clauses(SyntaxTranslation *translation, int statement,
					int first, int end)
{
	const SyntaxText *text = &translation->text;
	int			index = first;

	check_stack_depth();
	while (index < end)
	{
		SyntaxClause *clause;
		SyntaxClauseKind kind = CLAUSE_SYSTEM_TIME;
		ClauseReader reader = {translation, statement};
		int			table;
		int			next;

		if (clause_begins(text, statement, index))
		{
			table = clause_table(text, index);
			next = clause_after_period(&reader, index + 2);
		}
		else if (clause_short_begins(text, index))
		{
			table = clause_table(text, index);
			next = clause_short_as_of(&reader, index);
		}
		else if (clause_versions_begins(text, index))
		{
			kind = CLAUSE_VERSIONS;
			table = clause_table(text, index);
			next = clause_versions(&reader, index);
		}
		else
		{
			index++;
			continue;
		}

		/* "t FOR SYSTEM_TIME ALL (a)" must not become the call "t (a)" */
		if (syntax_token(text, next)->kind == TOKEN_OPERATOR ||
			strchr("([].:", syntax_token(text, next)->sign ?
				   syntax_token(text, next)->sign : ',') != NULL)
			syntax_error_at(text, next, NULL);

		clause = syntax_take(translation, kind, index, next);
		clause->anchor = text->tokens[table].start;
		clause->name = reader.method;
		clause->args = reader.args;
		index = next;
	}
}

/*
 * Does a clause begin at index, in a statement that begins at first?
 */
static bool
clause_begins(const SyntaxText *text, int first, int index)
{
	const SyntaxToken *token = syntax_token(text, index);

	if (token->word != SQL_FOR || token->taken ||
		!syntax_is_word(text, index + 1, SQL_SYSTEM_TIME))
		return false;
	if (token->open > 0 &&
		(syntax_is_word(text, token->open - 1, SQL_SUBSTRING) ||
		 syntax_is_word(text, token->open - 1, SQL_OVERLAY)))
		return false;
	/* PERIOD FOR SYSTEM_TIME (a, b) where it is not wanted */
	if (index > first && syntax_is_word(text, index - 1, SQL_PERIOD) &&
		syntax_is_sign(text, index + 2, '('))
		return false;
	/* SECURITY LABEL, ... USER MAPPING, ... TRANSFORM */
	if (syntax_is_word(text, first, SQL_SECURITY) ||
		syntax_is_word(text, first, SQL_COMMENT) ||
		syntax_is_word(text, first + 2, SQL_MAPPING) ||
		(index > first && syntax_is_word(text, index - 1, SQL_TRANSFORM) &&
		 syntax_is_word(text, first, SQL_CREATE)))
		return false;
	return true;
}

/*
 * Does Oracle's short form begin at index?  A "t.as of now" is none.
 */
static bool
clause_short_begins(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);

	if (token->word != SQL_AS || token->taken ||
		!syntax_is_word(text, index + 1, SQL_OF) ||
		syntax_is_sign(text, index - 1, '.'))
		return false;
	return syntax_is_word(text, index + 2, SQL_NOW) ||
		syntax_unit(text, index + 2) != UNIT_NONE;
}

/*
 * Does VERSIONS BETWEEN behind a table begin at index?
 */
static bool
clause_versions_begins(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);
	const SyntaxToken *before = syntax_token(text, index - 1);

	if (token->word != SQL_VERSIONS || token->taken || index == 0 ||
		!syntax_is_word(text, index + 1, SQL_BETWEEN))
		return false;
	if (before->kind == TOKEN_NAME)
		return true;
	/* a OPERATOR(+) versions BETWEEN ... */
	if (before->sign == ')')
		return before->match > 0 &&
			!syntax_is_word(text, before->match - 1, SQL_OPERATOR);
	return syntax_is_name(text, index - 1) &&
		before->category != TYPE_FUNC_NAME_KEYWORD &&
		(clause_item_begins(text, index - 1) ||
		 syntax_is_sign(text, index - 2, '.'));
}

/*
 * What the user calls the query clause that begins at index.
 */
const char *
syntax_clause_spelling(const SyntaxText *text, int index)
{
	if (syntax_is_word(text, index, SQL_AS))
		return "AS OF";
	if (syntax_is_word(text, index, SQL_VERSIONS))
		return "VERSIONS BETWEEN";
	return "FOR SYSTEM_TIME";
}

/*
 * Index of the first token of the table's name that ends before index.
 */
static int
clause_table(const SyntaxText *text, int index)
{
	int			at = index - 1;
	int			inside = -1;

	if (at < 0 || text->tokens[at].taken)
		syntax_error_at(text, index, NULL);
	if (syntax_is_sign(text, at, '*'))
		at--;
	if (syntax_is_sign(text, at, ')') && text->tokens[at].match >= 0)
	{
		inside = text->tokens[at].match;
		if (!syntax_is_word(text, inside - 1, SQL_ONLY))
			clause_refuse_group(text, index, inside);
		at--;
	}
	for (;;)
	{
		if (at >= 2 && syntax_has_uescape(text, at - 2))
			at -= 2;
		if (at < 0 || (text->tokens[at].kind != TOKEN_NAME &&
					   text->tokens[at].kind != TOKEN_KEYWORD))
			syntax_error_at(text, index, NULL);
		if (at == 0 || !syntax_is_sign(text, at - 1, '.'))
			break;
		at -= 2;
	}
	if (!syntax_is_name(text, at) || (inside >= 0 && at != inside + 1))
		syntax_error_at(text, index, NULL);
	return at;
}

/*
 * Can what stands before index be followed by an item of a FROM clause?
 */
static bool
clause_item_begins(const SyntaxText *text, int index)
{
	return syntax_is_word(text, index - 1, SQL_FROM) ||
		syntax_is_word(text, index - 1, SQL_JOIN) ||
		syntax_is_word(text, index - 1, SQL_LATERAL) ||
		syntax_is_word(text, index - 1, SQL_USING) ||
		syntax_is_sign(text, index - 1, ',') ||
		syntax_is_sign(text, index - 1, '(');
}

/*
 * Says why the clause at index cannot stand behind a parenthesis.
 */
static void
clause_refuse_group(const SyntaxText *text, int index, int open)
{
	SyntaxWord	inside = syntax_token(text, open + 1)->word;
	const char *spelling = syntax_clause_spelling(text, index);
	int			name = open - 1;

	while (name > 1 && syntax_is_sign(text, name - 1, '.'))
		name -= 2;
	if (open > 1 && syntax_is_word(text, open - 1, SQL_FROM) &&
		syntax_is_word(text, open - 2, SQL_ROWS))
		name = open;
	if (name == open ||
		(name >= 0 && syntax_is_name(text, name) &&
		 clause_item_begins(text, name)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a function", spelling),
				 errhint("Write it behind the tables that the function reads."),
				 syntax_errposition(text, index)));
	if (!clause_item_begins(text, open))
		syntax_error_at(text, index, NULL);
	if (inside == SQL_SELECT || inside == SQL_WITH ||
		inside == SQL_TABLE || inside == SQL_VALUES ||
		syntax_is_sign(text, open + 1, '('))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s cannot be applied to a sub-select", spelling),
				 errhint("Write it behind the tables inside the sub-select."),
				 syntax_errposition(text, index)));
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("%s cannot be applied to a join", spelling),
			 errhint("Write it behind each table of the join."),
			 syntax_errposition(text, index)));
}

/*
 * The constant TRUE, without a place in the text: nobody wrote it.  TABLESAMPLE
 * wants an argument, so ALL carries this one.
 */
static Node *
clause_true(void)
{
	A_Const    *constant = makeNode(A_Const);

	constant->val.boolval.type = T_Boolean;
	constant->val.boolval.boolval = true;
	constant->location = -1;
	return (Node *) constant;
}

/*
 * Reads what follows FOR SYSTEM_TIME, from index on.  Returns the index behind
 * the clause.
 */
static int
clause_after_period(ClauseReader *reader, int index)
{
	const SyntaxText *text = &reader->translation->text;

	switch (syntax_token(text, index)->word)
	{
		case SQL_AS:
			reader->method = TEMPORAL_TSM_AS_OF;
			return clause_as_of(reader, index);
		case SQL_FROM:
			reader->method = TEMPORAL_TSM_FROM_TO;
			return clause_pair(reader, index + 1, SQL_TO);
		case SQL_BETWEEN:
			reader->method = TEMPORAL_TSM_BETWEEN;
			index++;
			if (syntax_is_word(text, index, SQL_SYMMETRIC))
			{
				reader->method = TEMPORAL_TSM_BETWEEN_SYMMETRIC;
				index++;
			}
			else if (syntax_is_word(text, index, SQL_ASYMMETRIC))
				index++;
			return clause_pair(reader, index, SQL_AND);
		case SQL_CONTAINED:
			reader->method = TEMPORAL_TSM_CONTAINED_IN;
			return clause_contained_in(reader, index);
		case SQL_ALL:
			reader->method = TEMPORAL_TSM_ALL;
			reader->args = list_make1(clause_true());
			return index + 1;
		default:
			syntax_error_at(text, index, CLAUSE_HINT);
	}
}

/*
 * Adds a point in time that was read.
 */
static void
clause_add_time(ClauseReader *reader, const SyntaxBound *bound)
{
	reader->args = lappend(reader->args,
						   syntax_bound_time(reader->translation,
											 reader->statement, bound));
}

/*
 * The time that a word means which stands alone in a bound.
 */
static void
clause_add_word(ClauseReader *reader, const SyntaxBound *bound,
				const char *time)
{
	const SyntaxText *text = &reader->translation->text;

	reader->args =
		lappend(reader->args,
				syntax_make_string(time, text->tokens[bound->first].start));
}

/*
 * Is a bound this word and nothing else?
 */
static bool
clause_bound_is(const SyntaxText *text, const SyntaxBound *bound,
				SyntaxWord word)
{
	return syntax_is_word(text, bound->first, word) &&
		bound->end == bound->first + 1;
}

/*
 * AS OF x, AS OF NOW
 */
static int
clause_as_of(ClauseReader *reader, int index)
{
	const SyntaxText *text = &reader->translation->text;
	SyntaxBound bound;
	int			end;

	if (!syntax_is_word(text, index + 1, SQL_OF))
		syntax_error_at(text, index + 1, CLAUSE_HINT);

	end = syntax_bound_end(text, index + 2, false, false, &bound);
	if (bound.unit == UNIT_NONE && clause_bound_is(text, &bound, SQL_NOW))
		clause_add_word(reader, &bound, CLAUSE_PRESENT);
	else
		clause_add_time(reader, &bound);
	return end;
}

/*
 * The same without FOR SYSTEM_TIME, where what AS OF is measured in is known
 * to follow.
 */
static int
clause_short_as_of(ClauseReader *reader, int index)
{
	const SyntaxText *text = &reader->translation->text;
	SyntaxBound bound = {.first = index + 2};
	int			end;

	reader->method = TEMPORAL_TSM_AS_OF;
	if (syntax_is_word(text, bound.first, SQL_NOW))
	{
		if (syntax_is_sign(text, bound.first + 1, '('))
			syntax_error_at(text, bound.first + 1,
							"Write AS OF TIMESTAMP before an expression, or AS OF NOW without parentheses.");
		clause_add_word(reader, &bound, CLAUSE_PRESENT);
		return bound.first + 1;
	}
	end = syntax_bound_end(text, bound.first, true, false, &bound);
	clause_add_time(reader, &bound);
	return end;
}

/*
 * a TO b, a AND b
 */
static int
clause_pair(ClauseReader *reader, int index, SyntaxWord separator)
{
	const SyntaxText *text = &reader->translation->text;
	SyntaxBound lower;
	SyntaxBound upper;
	int			middle;
	int			end;

	middle = syntax_bound_end(text, index, false, separator == SQL_AND, &lower);
	if (!syntax_is_word(text, middle, separator))
		syntax_error_at(text, middle,
						separator == SQL_AND ?
						"FOR SYSTEM_TIME BETWEEN takes two points in time with AND between them." :
						"FOR SYSTEM_TIME FROM takes two points in time with TO between them.");
	clause_add_time(reader, &lower);
	end = syntax_bound_end(text, middle + 1, false, false, &upper);
	clause_add_time(reader, &upper);
	return end;
}

/*
 * CONTAINED IN (a, b)
 */
static int
clause_contained_in(ClauseReader *reader, int index)
{
	static const char *const hint =
	"FOR SYSTEM_TIME CONTAINED IN takes two points in time in parentheses.";
	const SyntaxText *text = &reader->translation->text;
	SyntaxBound lower;
	SyntaxBound upper;
	int			comma;
	int			close;

	if (!syntax_is_word(text, index + 1, SQL_IN))
		syntax_error_at(text, index + 1, hint);
	if (!syntax_is_sign(text, index + 2, '('))
		syntax_error_at(text, index + 2, hint);
	index += 3;
	if (syntax_is_sign(text, index, ')'))
		syntax_error_at(text, index, hint);
	comma = syntax_bound_end(text, index, false, false, &lower);
	if (!syntax_is_sign(text, comma, ','))
		syntax_error_at(text, comma, hint);
	if (syntax_is_sign(text, comma + 1, ')'))
		syntax_error_at(text, comma + 1, hint);
	clause_add_time(reader, &lower);
	close = syntax_bound_end(text, comma + 1, false, false, &upper);
	if (!syntax_is_sign(text, close, ')'))
		syntax_error_at(text, close, hint);
	clause_add_time(reader, &upper);
	return close + 1;
}

/*
 * VERSIONS BETWEEN {TIMESTAMP | SCN} {a | MINVALUE} AND {b | MAXVALUE}.  What
 * the first bound is measured in, the second one is as well, unless it says.
 */
static int
clause_versions(ClauseReader *reader, int index)
{
	const SyntaxText *text = &reader->translation->text;
	SyntaxBound lower;
	SyntaxBound upper;
	int			middle;
	int			end;

	index += 2;
	if (!syntax_is_word(text, index, SQL_TIMESTAMP) &&
		!syntax_is_word(text, index, SQL_SCN))
		syntax_error_at(text, index, VERSIONS_HINT);
	middle = syntax_bound_end(text, index, true, true, &lower);
	if (!syntax_is_word(text, middle, SQL_AND))
		syntax_error_at(text, middle, VERSIONS_HINT);
	if (clause_bound_is(text, &lower, SQL_MINVALUE))
		clause_add_word(reader, &lower, CLAUSE_FIRST);
	else
		clause_add_time(reader, &lower);

	end = syntax_bound_end(text, middle + 1, false, false, &upper);
	if (clause_bound_is(text, &upper, SQL_MAXVALUE))
		clause_add_word(reader, &upper, CLAUSE_PRESENT);
	else
	{
		if (upper.unit == UNIT_NONE)
		{
			upper.unit = lower.unit;
			upper.word = lower.word;
		}
		clause_add_time(reader, &upper);
	}
	return end;
}
