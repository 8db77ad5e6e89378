/*-------------------------------------------------------------------------
 *
 * syntax_alter.c
 *	  ALTER TABLE: ADD and DROP of SYSTEM VERSIONING and of the period
 *
 * SET and RESET of a retention policy are in syntax_retention.c.
 *
 *		ADD SYSTEM VERSIONING [WITH (options)]
 *		DROP SYSTEM VERSIONING [RESTRICT | CASCADE]
 *		ADD PERIOD FOR SYSTEM_TIME (a, b)
 *			[[,] ADD [COLUMN] a type GENERATED ALWAYS AS ROW START ...]
 *		DROP PERIOD FOR SYSTEM_TIME [RESTRICT | CASCADE]
 *		(SQL:2011 part 2, 11.27 to 11.30)
 *
 * A sub-command is replaced by the stock SET (a), whose list of options then
 * takes ours.  The columns of a new period come with it, so the sub-commands
 * that add them are taken out with their comma, wherever they stand; what is
 * left of them is parsed once, because a mistake in them must not be lost.
 *
 * ADD SYSTEM VERSIONING is stock grammar for a column called system of a type
 * called versioning.  Ours wins; ADD COLUMN system versioning is that column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "syntax/syntax_blank.h"
#include "syntax/syntax_clause.h"
#include "syntax/syntax_parse.h"

/* What replaces a sub-command, and where the option in it is */
#define ALTER_PLACEHOLDER		"SET (a)"
#define ALTER_PLACEHOLDER_AT	2	/* bytes before its end */

/*
 * The columns of a period among the sub-commands, and their period.
 */
typedef struct AlterPeriod
{
	SyntaxClause *clause;		/* ADD PERIOD FOR SYSTEM_TIME, or NULL */
	List	   *columns;		/* DefElems: generated_start, generated_end */
	int			generated;		/* token of the first GENERATED, or -1 */
} AlterPeriod;

static int	alter_after_head(const SyntaxText *text, int first);
static int	alter_take_command(SyntaxTranslation *translation, int index,
							   AlterPeriod *period);
static int	alter_after_behavior(const SyntaxText *text, int index,
								 bool *cascade);
static int	alter_take_column(SyntaxTranslation *translation, int first,
							  int end, AlterPeriod *period);

/*
 * Finds our sub-commands of the ALTER TABLE in tokens [first, end).
 */
void
syntax_find_alter(SyntaxTranslation *translation, int first, int end)
{
	const SyntaxText *text = &translation->text;
	AlterPeriod period = {NULL, NIL, -1};
	int			level = text->tokens[first].open;
	int			index = alter_after_head(text, first);
	int			comma = -1;		/* the last one that separates something */
	bool		left = false;	/* since then, there is a sub-command, */
	bool		taken = false;	/* there was a column that is taken out */
	bool		adjoined = false;

	if (index < 0)
		return;
	while (index < end)
	{
		int			stop = index;
		int			next;

		while (stop < end && !(text->tokens[stop].open == level &&
							   text->tokens[stop].sign == ','))
			stop++;
		if (stop == index && (period.clause != NULL || period.columns != NIL))
			syntax_error_at(text, stop, NULL);

		next = alter_take_column(translation, index, stop, &period);
		if (next > index)
			taken = true;
		else if (adjoined)
			syntax_error_at(text, index, NULL);
		else
		{
			next = alter_take_command(translation, index, &period);
			if (next == index)
				next = syntax_take_retention(translation, index);
			left = (next > index);
		}

		/* the standard writes a period's columns behind it, without commas */
		adjoined = (next > index && period.clause != NULL &&
					syntax_is_word(text, next, SQL_ADD));
		if (adjoined)
		{
			index = next;
			continue;
		}
		if (next < stop)
			left = true;		/* stock grammar */

		/* a column takes one comma with it, so that no other mistake goes */
		if (stop < end && left)
		{
			comma = stop;
			left = taken = false;
		}
		else if (stop < end && taken)
		{
			translation->rest[text->tokens[stop].start] = ' ';
			taken = false;
		}
		index = stop + 1;
	}
	if (comma >= 0 && taken && !left)
		translation->rest[text->tokens[comma].start] = ' ';

	if (period.generated >= 0 && period.clause == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("column of a period without ADD PERIOD FOR SYSTEM_TIME"),
				 errhint("Write the period and its columns in the same ALTER TABLE."),
				 syntax_errposition(text, period.generated)));
	if (period.clause != NULL)
		period.clause->options = list_concat(period.clause->options,
											 period.columns);
}

/*
 * Index of the first sub-command, or -1 if there is none.
 */
static int
alter_after_head(const SyntaxText *text, int first)
{
	int			index = first + 1;
	int			name;
	bool		group;

	if (!syntax_is_word(text, index, SQL_TABLE))
		return -1;
	index++;
	if (syntax_is_word(text, index, SQL_IF) &&
		syntax_is_word(text, index + 1, SQL_EXISTS))
		index += 2;
	if (syntax_is_word(text, index, SQL_ONLY))
		index++;
	group = syntax_is_sign(text, index, '(');
	if (group)
		index++;
	name = index;
	index = syntax_after_name(text, name);
	if (index == name || (group && !syntax_is_sign(text, index, ')')))
		return -1;
	if (group || syntax_is_sign(text, index, '*'))
		index++;
	return index;
}

/*
 * Takes a sub-command for the versioning or the period that begins at index.
 * Returns the index behind it, or index if it is another one.
 */
static int
alter_take_command(SyntaxTranslation *translation, int index,
				   AlterPeriod *period)
{
	const SyntaxText *text = &translation->text;
	int			location = syntax_token(text, index)->start;
	bool		add = syntax_is_word(text, index, SQL_ADD);
	bool		cascade;
	int			next;
	SyntaxClause *clause;
	List	   *options;

	if (!add && !syntax_is_word(text, index, SQL_DROP))
		return index;

	if (syntax_is_word(text, index + 1, SQL_SYSTEM) &&
		syntax_is_word(text, index + 2, SQL_VERSIONING))
	{
		next = index + 3;
		if (!add)
		{
			next = alter_after_behavior(text, next, &cascade);
			clause = syntax_take_command(translation, index, next);
			clause->options = list_make1(syntax_option("system_versioning",
													   "off", location));
			if (cascade)
				clause->options = lappend(clause->options,
										  syntax_option("drop_history", "on",
														location));
			return next;
		}
		if (syntax_is_word(text, next, SQL_WITH) &&
			syntax_is_sign(text, next + 1, '('))
		{
			/* WITH (options) becomes SET (options) */
			int			open = text->tokens[next + 1].start;

			clause = syntax_take(translation, CLAUSE_ALTER, index, next + 1);
			memcpy(translation->rest + open - 4, "SET ", 4);
			clause->anchor = syntax_token(text, next + 2)->start;
			next = syntax_after_group(text, next + 1);
		}
		else
			clause = syntax_take_command(translation, index, next);
		clause->options = list_make1(syntax_option("system_versioning", "on",
												   location));
		return next;
	}

	if (!syntax_is_word(text, index + 1, SQL_PERIOD) ||
		!syntax_is_word(text, index + 2, SQL_FOR))
		return index;
	syntax_check_period_name(text, index + 3);
	if (!add)
	{
		next = alter_after_behavior(text, index + 4, &cascade);
		clause = syntax_take_command(translation, index, next);
		clause->options = list_make1(syntax_option("period", "off", location));
		return next;
	}
	if (period->clause != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("more than one ADD PERIOD FOR SYSTEM_TIME"),
				 syntax_errposition(text, index)));
	next = syntax_period_options(translation, index + 4, location, &options);
	clause = syntax_take_command(translation, index, next);
	clause->options = options;
	period->clause = clause;
	return next;
}

/*
 * Takes tokens [first, end) and leaves a placeholder.
 */
SyntaxClause *
syntax_take_command(SyntaxTranslation *translation, int first, int end)
{
	SyntaxClause *clause = syntax_take(translation, CLAUSE_ALTER, first, end);
	int			stop = translation->text.tokens[end].start;

	memcpy(translation->rest + stop - strlen(ALTER_PLACEHOLDER),
		   ALTER_PLACEHOLDER, strlen(ALTER_PLACEHOLDER));
	clause->anchor = stop - ALTER_PLACEHOLDER_AT;
	clause->placeholder = true;
	return clause;
}

static int
alter_after_behavior(const SyntaxText *text, int index, bool *cascade)
{
	*cascade = syntax_is_word(text, index, SQL_CASCADE);
	if (*cascade || syntax_is_word(text, index, SQL_RESTRICT))
		index++;
	return index;
}

/*
 * Takes ADD [COLUMN] name type GENERATED ALWAYS AS ROW START | END out of
 * tokens [first, end).  Returns the index behind it, or first if the
 * sub-command is another one.
 */
static int
alter_take_column(SyntaxTranslation *translation, int first, int end,
				  AlterPeriod *period)
{
	static const char head[] = "ALTER TABLE a ";
	const SyntaxText *text = &translation->text;
	int			level = text->tokens[first].open;
	int			start = text->tokens[first].start;
	int			room = 0;
	int			column = first + 1;
	int			index;
	int			next = first;
	const char *option;
	char	   *part;
	List	   *trees;
	AlterTableStmt *alter;
	AlterTableCmd *command;
	ListCell   *lc;

	if (!syntax_is_word(text, first, SQL_ADD))
		return first;
	if (syntax_is_word(text, column, SQL_COLUMN))
		column++;
	for (index = column + 1; index < end; index++)
	{
		if (text->tokens[index].open != level)
			continue;
		/* without commas, the next column has its own turn */
		if (index > column + 1 && text->tokens[index].word == SQL_ADD)
			return first;
		next = syntax_after_generated(text, index, &option);
		if (next > index)
			break;
	}
	if (index >= end)
		return first;
	/* which it is anyway */
	if (syntax_is_word(text, next, SQL_NOT) &&
		syntax_is_word(text, next + 1, SQL_NULL))
		next += 2;

	/*
	 * The column without our words must be a stock one of a type.  Where a
	 * head of our own and a comment have no room before it, there is no more
	 * than the user's head, or a mistake.
	 */
	part = pnstrdup(text->text, text->tokens[index].start);
	for (int i = 0; i < start; i++)
		if (!IS_HIGHBIT_SET(part[i]))
			room++;
	if (room >= strlen(head) + strlen("/**/"))
	{
		syntax_blank(part, 0, start);
		/* the text goes on: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		memcpy(part + start - strlen(head), head, strlen(head));
	}
	trees = syntax_parse_stock(part, RAW_PARSE_DEFAULT);
	pfree(part);
	alter = (AlterTableStmt *) linitial_node(RawStmt, trees)->stmt;
	command = linitial_node(AlterTableCmd, alter->cmds);
	if (command->subtype != AT_AddColumn || command->missing_ok)
		syntax_error_at(text, index, NULL);
	foreach(lc, ((ColumnDef *) command->def)->constraints)
		if (lfirst_node(Constraint, lc)->contype != CONSTR_NOTNULL)
			syntax_error_at(text, index, NULL);

	foreach(lc, period->columns)
		if (strcmp(lfirst_node(DefElem, lc)->defname, option) == 0)
			syntax_error_at(text, index, NULL);
	period->columns =
		lappend(period->columns,
				syntax_option(option, ((ColumnDef *) command->def)->colname,
							  text->tokens[index].start));
	if (period->generated < 0)
		period->generated = index;
	syntax_take_part(translation, first, next);
	return next;
}
