/*-------------------------------------------------------------------------
 *
 * syntax_create.c
 *	  CREATE TABLE: WITH SYSTEM VERSIONING, PERIOD FOR SYSTEM_TIME and
 *	  GENERATED ALWAYS AS ROW START | END
 *
 *		CREATE TABLE t (
 *			...
 *			a TIMESTAMP GENERATED ALWAYS AS ROW START,
 *			b TIMESTAMP GENERATED ALWAYS AS ROW END,
 *			PERIOD FOR SYSTEM_TIME (a, b)
 *		) WITH SYSTEM VERSIONING
 *		(SQL:2011 part 2, 11.3 <table definition>, 11.4 <column definition>)
 *
 * What is taken out leaves a stock statement: a column keeps its type and its
 * other constraints, a table element goes with its comma.
 *
 * ORDER.  WITH SYSTEM VERSIONING may stand anywhere among the clauses behind
 * the parenthesis.  In a statement that has it, and in no other, these may
 * come in any order: one that the grammar wants earlier is parsed on its own,
 * in an empty CREATE TABLE, and grafted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "syntax/syntax_blank.h"
#include "syntax/syntax_clause.h"
#include "syntax/syntax_expression.h"
#include "syntax/syntax_parse.h"
#include "temporal.h"

#define PERIOD_HINT \
	"PERIOD FOR SYSTEM_TIME takes the names of its start and its end column: (a, b)."
#define GENERATED_HINT \
	"A period's columns are GENERATED ALWAYS AS ROW START and GENERATED ALWAYS AS ROW END."

/*
 * A stock clause behind the parenthesis, with its rank in the grammar's order.
 */
typedef struct CreateTail
{
	int			rank;
	int			first;
	int			end;
} CreateTail;

/* The grammar has six, and none may be repeated */
#define CREATE_TAILS_MAX	7

static int	create_after_head(const SyntaxText *text, int first, int end);
static void create_find_elements(SyntaxTranslation *translation, int open,
								 int table);
static void create_take_period(SyntaxTranslation *translation, int first,
							   int open, int table);
static void create_find_options(SyntaxTranslation *translation, int first,
								int end, int table);
static int	create_after_tail(const SyntaxText *text, int index, int *rank);
static void create_reorder(SyntaxTranslation *translation, int first, int end,
						   int table);

/*
 * An option in our namespace, as WITH (temporal.name = value) would make it.
 */
DefElem *
syntax_option(const char *name, const char *value, int location)
{
	return makeDefElemExtended(pstrdup(TEMPORAL_OPTION_NAMESPACE),
							   pstrdup(name),
							   (Node *) makeString(pstrdup(value)),
							   DEFELEM_UNSPEC, location);
}

/*
 * Finds the clauses of the CREATE TABLE or CREATE SCHEMA in tokens
 * [first, end).
 */
void
syntax_find_create(SyntaxTranslation *translation, int first, int end)
{
	const SyntaxText *text = &translation->text;
	int			table;
	int			index;

	/* the tables of a new schema are written one behind the other */
	if (syntax_is_word(text, first + 1, SQL_SCHEMA))
	{
		int			from = -1;

		for (index = first + 2; index < end; index++)
		{
			if (text->tokens[index].word != SQL_CREATE ||
				text->tokens[index].open != text->tokens[first].open)
				continue;
			if (from >= 0)
				syntax_find_create(translation, from, index);
			from = index;
		}
		if (from >= 0)
			syntax_find_create(translation, from, end);
		return;
	}

	table = create_after_head(text, first, end);
	if (table < 0)
		return;
	index = syntax_after_name(text, table);
	if (index == table)
		return;

	/* OF type, PARTITION OF parent */
	if (syntax_is_word(text, index, SQL_PARTITION) &&
		syntax_is_word(text, index + 1, SQL_OF))
		index = syntax_after_name(text, index + 2);
	else if (syntax_is_word(text, index, SQL_OF))
		index = syntax_after_name(text, index + 1);

	if (syntax_is_sign(text, index, '('))
	{
		if (text->tokens[index].match < 0)
			return;
		create_find_elements(translation, index, text->tokens[table].start);
		index = text->tokens[index].match + 1;
	}
	create_find_options(translation, index, end, text->tokens[table].start);
}

/*
 * Index of the table's name, or -1 if this is not CREATE TABLE.
 */
static int
create_after_head(const SyntaxText *text, int first, int end)
{
	int			index = first + 1;

	if (syntax_is_word(text, index, SQL_FOREIGN))
		index++;
	else
	{
		if (syntax_is_word(text, index, SQL_GLOBAL) ||
			syntax_is_word(text, index, SQL_LOCAL))
			index++;
		if (syntax_is_word(text, index, SQL_TEMP) ||
			syntax_is_word(text, index, SQL_TEMPORARY) ||
			syntax_is_word(text, index, SQL_UNLOGGED))
			index++;
	}
	if (!syntax_is_word(text, index, SQL_TABLE))
		return -1;
	index++;
	if (syntax_is_word(text, index, SQL_IF) &&
		syntax_is_word(text, index + 1, SQL_NOT) &&
		syntax_is_word(text, index + 2, SQL_EXISTS))
		index += 3;
	return index < end ? index : -1;
}

/*
 * Is GENERATED ALWAYS AS ROW START | END at index?  Returns the index behind
 * it and the option that it stands for, or index if it is something else.
 */
int
syntax_after_generated(const SyntaxText *text, int index, const char **option)
{
	if (!syntax_is_word(text, index, SQL_GENERATED) ||
		!syntax_is_word(text, index + 1, SQL_ALWAYS) ||
		!syntax_is_word(text, index + 2, SQL_AS) ||
		!syntax_is_word(text, index + 3, SQL_ROW))
		return index;
	if (syntax_is_word(text, index + 4, SQL_START))
		*option = "generated_start";
	else if (syntax_is_word(text, index + 4, SQL_END))
		*option = "generated_end";
	else
		syntax_error_at(text, index + 4, GENERATED_HINT);
	return index + 5;
}

/*
 * Finds what is ours among the elements in the parenthesis at open.
 */
static void
create_find_elements(SyntaxTranslation *translation, int open, int table)
{
	const SyntaxText *text = &translation->text;
	int			close = text->tokens[open].match;
	int			element = open + 1;

	for (int i = open + 1; i < close; i++)
	{
		const char *option;
		int			next;

		if (text->tokens[i].open != open)
			continue;
		if (text->tokens[i].sign == ',')
			element = i + 1;
		else if (i == element &&
				 text->tokens[i].word == SQL_PERIOD &&
				 syntax_is_word(text, i + 1, SQL_FOR))
			create_take_period(translation, i, open, table);
		else if (i > element &&
				 (next = syntax_after_generated(text, i, &option)) > i)
		{
			SyntaxClause *clause = syntax_take(translation, CLAUSE_GENERATED,
											   i, next);

			clause->anchor = text->tokens[element].start;
			clause->name = option;
		}
	}
}

/*
 * Insists on SYSTEM_TIME as the name of a period, the token at index.
 */
void
syntax_check_period_name(const SyntaxText *text, int index)
{
	if (syntax_is_word(text, index, SQL_SYSTEM_TIME))
		return;
	if (!syntax_is_name(text, index))
		syntax_error_at(text, index, PERIOD_HINT);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("application-time periods are not supported"),
			 errhint("The only period is PERIOD FOR SYSTEM_TIME."),
			 syntax_errposition(text, index)));
}

/*
 * Reads the two names in the parenthesis that must begin at index open.
 * Returns the index behind it, and the options of a period of these columns
 * for a clause at location.
 */
int
syntax_period_options(const SyntaxTranslation *translation, int open,
					  int location, List **options)
{
	const SyntaxText *text = &translation->text;
	int			index = open;
	List	   *columns;
	ListCell   *lc;

	if (!syntax_is_sign(text, index, '('))
		syntax_error_at(text, index, PERIOD_HINT);
	for (int i = 0; i < 2; i++)
	{
		index++;
		if (!syntax_is_name(text, index))
			syntax_error_at(text, index, PERIOD_HINT);
		if (syntax_has_uescape(text, index))
			index += 2;
		index++;
		if (!syntax_is_sign(text, index, i == 0 ? ',' : ')'))
			syntax_error_at(text, index, PERIOD_HINT);
	}

	/* as expressions, the names are decoded as every other name is */
	columns = syntax_expression_list(translation, open + 1, index);
	*options = NIL;
	foreach(lc, columns)
	{
		ColumnRef  *column = lfirst(lc);
		const char *name = *options == NIL ? "period_start" : "period_end";

		if (!IsA(column, ColumnRef) || list_length(column->fields) != 1)
			syntax_error_at(text, open + 1, PERIOD_HINT);
		*options = lappend(*options,
						   syntax_option(name,
										 strVal(linitial(column->fields)),
										 location));
	}
	if (list_length(*options) != 2)
		syntax_error_at(text, open + 1, PERIOD_HINT);
	return index + 1;
}

/*
 * Takes the element PERIOD FOR SYSTEM_TIME (a, b) that begins at first.
 */
static void
create_take_period(SyntaxTranslation *translation, int first, int open,
				   int table)
{
	const SyntaxText *text = &translation->text;
	int			location = text->tokens[first].start;
	SyntaxClause *clause;
	List	   *options;
	int			next;
	ListCell   *lc;

	syntax_check_period_name(text, first + 2);
	foreach(lc, translation->clauses)
	{
		clause = lfirst(lc);
		if (clause->kind == CLAUSE_TABLE && clause->anchor == table)
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("more than one PERIOD FOR SYSTEM_TIME"),
					 syntax_errposition(text, first)));
	}
	next = syntax_period_options(translation, first + 3, location, &options);
	if (!syntax_is_sign(text, next, ',') && !syntax_is_sign(text, next, ')'))
		syntax_error_at(text, next, NULL);

	/* the comma behind it, or else the one before it */
	clause = syntax_take(translation, CLAUSE_TABLE, first, next);
	clause->anchor = table;
	clause->options = options;
	if (syntax_is_sign(text, next, ','))
	{
		/* "(PERIOD ..., )" must not become "()" */
		if (syntax_is_sign(text, next + 1, ')'))
			syntax_error_at(text, next + 1, NULL);
		translation->rest[text->tokens[next].start] = ' ';
	}
	else if (first - 1 > open)
		translation->rest[text->tokens[first - 1].start] = ' ';
}

/*
 * Finds WITH SYSTEM VERSIONING in tokens [first, end), behind the elements.
 */
static void
create_find_options(SyntaxTranslation *translation, int first, int end,
					int table)
{
	const SyntaxText *text = &translation->text;
	int			level = syntax_token(text, first)->open;
	bool		found = false;

	for (int i = first; i < end; i++)
	{
		SyntaxClause *clause;

		if (text->tokens[i].open != level ||
			text->tokens[i].word != SQL_WITH ||
			!syntax_is_word(text, i + 1, SQL_SYSTEM))
			continue;
		/* WITH system AS (...), in the query of a CREATE TABLE AS */
		if (syntax_is_word(text, i + 2, SQL_AS) ||
			syntax_is_sign(text, i + 2, '('))
			continue;
		if (!syntax_is_word(text, i + 2, SQL_VERSIONING))
			syntax_error_at(text, i + 2, "Did you mean WITH SYSTEM VERSIONING?");
		if (found)
			syntax_error_at(text, i, NULL);
		found = true;
		clause = syntax_take(translation, CLAUSE_TABLE, i, i + 3);
		clause->anchor = table;
		clause->options =
			list_make1(syntax_option("system_versioning", "on",
									 text->tokens[i].start));
	}
	if (found)
		create_reorder(translation, first, end, table);
}

/*
 * Index behind the stock clause at index and its rank in the grammar's order,
 * or index if there is none.
 */
static int
create_after_tail(const SyntaxText *text, int index, int *rank)
{
	int			next = index;

	switch (syntax_token(text, index)->word)
	{
		case SQL_INHERITS:
			*rank = 1;
			next = index + 1;
			break;
		case SQL_PARTITION:
			*rank = 2;
			if (syntax_is_word(text, index + 1, SQL_BY) &&
				syntax_is_name(text, index + 2))
				next = index + 3;
			break;
		case SQL_USING:
			*rank = 3;
			return Max(index, syntax_after_name(text, index + 1));
		case SQL_WITH:
			*rank = 4;
			next = index + 1;
			break;
		case SQL_ON:
			*rank = 5;
			if (!syntax_is_word(text, index + 1, SQL_COMMIT))
				return index;
			/* DROP, DELETE ROWS, PRESERVE ROWS */
			return index + (syntax_is_word(text, index + 3, SQL_ROWS) ? 4 : 3);
		case SQL_TABLESPACE:
			*rank = 6;
			return Max(index, syntax_after_name(text, index + 1));
		default:
			return index;
	}
	if (!syntax_is_sign(text, next, '(') || text->tokens[next].match < 0)
		return index;
	return text->tokens[next].match + 1;
}

/*
 * Takes those clauses out of tokens [first, end) that the grammar wants
 * before one that stands further left.
 */
static void
create_reorder(SyntaxTranslation *translation, int first, int end, int table)
{
	static const char head[] = "CREATE TABLE a()";
	const SyntaxText *text = &translation->text;
	CreateTail	tails[CREATE_TAILS_MAX];
	int			count = 0;
	int			index = first;
	int			highest = 0;

	/* the bound of a partition comes before all of them */
	while (index < end && !syntax_is_word(text, index, SQL_WITH) &&
		   !syntax_is_word(text, index, SQL_AS) &&
		   create_after_tail(text, index, &tails[0].rank) == index)
		index++;
	while (index < end && count < CREATE_TAILS_MAX)
	{
		int			next;

		if (text->tokens[index].taken)
		{
			index++;
			continue;
		}
		next = create_after_tail(text, index, &tails[count].rank);
		if (next == index || next > end)
			return;				/* CREATE TABLE AS, or for the grammar to say */
		for (int i = 0; i < count; i++)
			if (tails[i].rank == tails[count].rank)
				syntax_error_at(text, index, NULL);
		tails[count].first = index;
		tails[count].end = next;
		count++;
		index = next;
	}

	for (int i = 0; i < count; i++)
	{
		SyntaxClause *clause;
		List	   *trees;
		char	   *part;
		int			start = text->tokens[tails[i].first].start;

		if (tails[i].rank >= highest)
		{
			highest = tails[i].rank;
			continue;
		}
		part = pnstrdup(text->text, text->tokens[tails[i].end].start);
		syntax_blank(part, 0, start);
		/* the text goes on: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		memcpy(part + start - strlen(head), head, strlen(head));
		trees = syntax_parse_stock(part, RAW_PARSE_DEFAULT);
		pfree(part);

		clause = syntax_take(translation, CLAUSE_MISPLACED,
							 tails[i].first, tails[i].end);
		clause->anchor = table;
		clause->stock = (CreateStmt *) linitial_node(RawStmt, trees)->stmt;
	}
}
