/*-------------------------------------------------------------------------
 *
 * syntax_init.c
 *	  Taking the raw parser over, and translating a statement
 *
 * raw_parser() turns a string into raw parse trees; everybody calls it: the
 * query loop, SPI, PL/pgSQL, SQL functions.  There is no hook in it, so its
 * code is diverted (syntax_takeover.c) to syntax_parse():
 *
 *		text --> has it one of our words?  no --> original parser
 *				  | yes
 *				 tokens					syntax_token.c
 *				  | clauses taken out	syntax_clause.c, _create.c, _alter.c,
 *				  |						_flashback.c
 *				 the rest, same length --> original parser --> trees
 *				  | clauses put back	syntax_graft.c, _graft_reference.c,
 *				  |						_graft_table.c
 *				 stock trees
 *
 * PLACES.  What is taken out is blanked, so whatever the tree says about
 * places in the text is true of the text that the client sent.
 *
 * CATALOGS.  The raw parser also runs in aborted transactions, so nothing here
 * depends on them; where they can be read, they are asked what a name in FROM
 * with a clause behind it stands for (syntax_relation.c).  Everything is
 * allocated in the caller's context, as the original's trees are.
 *
 * TRUST.  Before the first client connects, statements of both kinds are
 * parsed by the way that clients take, and the trees are checked.  If that
 * fails the server gets its own parser back; then, as after any other reason
 * why it could not be taken over, the stock forms remain.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/scansup.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"

#include "syntax/syntax.h"
#include "syntax/syntax_clause.h"
#include "syntax/syntax_parse.h"
#include "syntax/syntax_takeover.h"
#include "temporal.h"

SyntaxRawParser syntax_parse_stock = raw_parser;

static bool parse_is_candidate(const char *string);
static void parse_find(SyntaxTranslation *translation, RawParseMode mode);
static const char *parse_self_test(void);

/*
 * Takes the parser over.
 */
void
syntax_init(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal syntax",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	SyntaxFunction original;
	const char *volatile reason;

	PG_TRY();
	{
		if (!syntax_token_init())
			reason = "the server's scanner is not as expected";
		else
			reason = syntax_takeover((SyntaxFunction) raw_parser,
									 (SyntaxFunction) syntax_parse, &original);
		if (reason == NULL)
		{
			syntax_parse_stock = (SyntaxRawParser) original;
			reason = parse_self_test();
		}
	}
	PG_CATCH();
	{
		FlushErrorState();
		reason = "the self-test failed with an error";
	}
	PG_END_TRY();

	if (reason != NULL)
	{
		syntax_takeover_undo();
		syntax_parse_stock = raw_parser;
		ereport(WARNING,
				(errmsg("SQL:2011 syntax of extension \"%s\" is not available",
						TEMPORAL_EXTENSION),
				 errdetail("The server's parser could not be taken over: %s.",
						   reason),
				 errhint("The stock forms work: TABLESAMPLE %s.%s(...), ALTER TABLE ... SET (%s.system_versioning = on).",
						 TEMPORAL_SCHEMA, TEMPORAL_TSM_AS_OF,
						 TEMPORAL_OPTION_NAMESPACE)));
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

List *
syntax_parse(const char *string, RawParseMode mode)
{
	SyntaxTranslation translation = {0};
	List	   *trees;

	if (!parse_is_candidate(string) || mode == RAW_PARSE_TYPE_NAME)
		return syntax_parse_stock(string, mode);

	syntax_tokenize(&translation.text, string);
	parse_find(&translation, mode);
	if (translation.clauses == NIL)
	{
		pfree(translation.text.tokens);
		return syntax_parse_stock(string, mode);
	}

	trees = syntax_parse_stock(translation.rest, mode);
	syntax_graft(&translation, trees);

	pfree(translation.rest);
	pfree(translation.text.tokens);
	list_free_deep(translation.clauses);
	return trees;
}

static bool
parse_has_word(const char *string, const char *word)
{
	for (; *word; string++, word++)
		if (pg_ascii_tolower((unsigned char) *string) != (unsigned char) *word)
			return false;
	return true;
}

/*
 * Can the word be the next one, behind blanks?  Comments between words are left
 * to the scanner: they begin with a slash or a minus.
 */
static bool
parse_is_followed(const char *behind, const char *word)
{
	const char *next = behind;

	while (scanner_isspace(*next))
		next++;
	if (*next == '/' || *next == '-')
		return true;
	return next > behind && parse_has_word(next, word);
}

/*
 * May the letters "of" at this place be those of t AS OF NOW?  A comment before
 * them ends with a slash or with a line.
 */
static bool
parse_is_as_of(const char *string, const char *of)
{
	static const char *const words[] = {
		"now", "timestamp", "scn", "transaction", "snapshot"
	};
	const char *before = of;
	bool		line_ends = false;
	bool		followed = false;

	for (int i = 0; i < lengthof(words) && !followed; i++)
		followed = parse_is_followed(of + 2, words[i]);
	if (!followed)
		return false;

	while (before > string && scanner_isspace(before[-1]))
		line_ends |= (*--before == '\n' || *before == '\r');
	return line_ends || (before > string && before[-1] == '/') ||
		(before < of && before - string >= 2 && parse_has_word(before - 2, "as"));
}

/*
 * May the letters at this place be those of ALTER TABLE?
 */
static bool
parse_is_alter_table(const char *string, const char *table)
{
	static const char alter[] = "alter";
	const char *before = table;

	if (!parse_has_word(table, "table"))
		return false;
	while (before > string && scanner_isspace(before[-1]))
		before--;

	/* a comment between them is as good */
	return before - string < strlen(alter) || before[-1] == '/' ||
		parse_has_word(before - strlen(alter), alter) ||
		memchr(before, '\n', table - before) != NULL;
}

/*
 * May the text hold one of our clauses?  This is all that any other statement
 * pays: strcspn() looks at many characters at once, for letters that each word
 * has one of and other SQL has few of.
 */
static bool
parse_is_candidate(const char *string)
{
	static const char letters[] = "bBfFgGpPvVyY";

	for (const char *at = string + strcspn(string, letters); *at;
		 at += 1 + strcspn(at + 1, letters))
	{
		bool		found;

		switch (*at | 0x20)
		{
			case 'b':
				found = at - string > 2 && parse_is_alter_table(string, at - 2);
				break;
			case 'f':
				if (at > string && (at[-1] | 0x20) == 'o')
					found = parse_is_as_of(string, at - 1);
				else
					found = parse_has_word(at, "flashback") &&
						parse_is_followed(at + strlen("flashback"), "table");
				break;
			case 'g':
				found = parse_has_word(at, "generated");
				break;
			case 'p':
				found = parse_has_word(at, "period");
				break;
			case 'v':
				found = parse_has_word(at, "versions") &&
					parse_is_followed(at + strlen("versions"), "between");
				break;
			default:
				found = at > string && parse_has_word(at - 1, "system");
				break;
		}
		if (found)
			return true;
	}
	return false;
}

/*
 * Takes the clauses out, statement by statement.  Inside BEGIN ATOMIC ... END
 * the parts between semicolons are statements as well.
 */
static void
parse_find(SyntaxTranslation *translation, RawParseMode mode)
{
	const SyntaxText *text = &translation->text;
	int			first = 0;

	while (first < text->count)
	{
		int			end = first;

		while (end < text->count &&
			   !(text->tokens[end].sign == ';' && text->tokens[end].open < 0))
			end++;
		if (mode == RAW_PARSE_DEFAULT)
		{
			if (text->tokens[first].word == SQL_CREATE)
				syntax_find_create(translation, first, end);
			else if (text->tokens[first].word == SQL_ALTER)
				syntax_find_alter(translation, first, end);
			else if (text->tokens[first].word == SQL_FLASHBACK)
				syntax_find_flashback(translation, first, end);
		}
		syntax_find_clauses(translation, first, first, end);
		first = end + 1;
	}
}

/*
 * A statement and the beginning of its tree, to be checked at start.
 */
typedef struct ParseTest
{
	const char *statement;
	const char *method;			/* of the TABLESAMPLE, or */
	const char *option;			/* of the first option in our namespace, or */
	const char *function;		/* in FROM of a sub-select, or called */
} ParseTest;

static const ParseTest parse_tests[] = {
	{"SELECT a FROM t WHERE b = $1", NULL, NULL},
	{"SELECT a FROM t FOR SYSTEM_TIME AS OF now() e", TEMPORAL_TSM_AS_OF},
	{"SELECT a FROM t FOR SYSTEM_TIME FROM $1 TO $2", TEMPORAL_TSM_FROM_TO},
	{"SELECT a FROM t FOR SYSTEM_TIME BETWEEN 'a' AND 'b'", TEMPORAL_TSM_BETWEEN},
	{"SELECT a FROM t FOR SYSTEM_TIME BETWEEN SYMMETRIC 'a' AND 'b'", TEMPORAL_TSM_BETWEEN_SYMMETRIC},
	{"SELECT a FROM t FOR SYSTEM_TIME CONTAINED IN ('a', 'b')", TEMPORAL_TSM_CONTAINED_IN},
	{"SELECT a FROM t FOR SYSTEM_TIME ALL", TEMPORAL_TSM_ALL},
	{"SELECT a FROM t AS OF TIMESTAMP now() e", TEMPORAL_TSM_AS_OF},
	{"SELECT a FROM t AS OF SCN $1 e", TEMPORAL_TSM_AS_OF},
	{"SELECT a FROM t AS of WHERE b = $1", NULL, NULL},
	{"SELECT a FROM t VERSIONS BETWEEN SCN 1 AND 2", NULL, NULL, TEMPORAL_FLASHBACK_VERSIONS},
	{"FLASHBACK TABLE t TO SCN 1", NULL, NULL, TEMPORAL_FLASHBACK_TABLE},
	{"CREATE TABLE t (a int) WITH SYSTEM VERSIONING", NULL, "system_versioning"},
	{"CREATE TABLE t (PERIOD FOR SYSTEM_TIME (a, b))", NULL, "period_start"},
	{"CREATE TABLE t (a date GENERATED ALWAYS AS ROW START)", NULL, "generated_start"},
	{"ALTER TABLE t ADD SYSTEM VERSIONING", NULL, "system_versioning"},
	{"ALTER TABLE t DROP PERIOD FOR SYSTEM_TIME", NULL, "period"},
	{"ALTER TABLE t SET RETENTION INTERVAL '1 year'", NULL, "retention_period"},
	{"ALTER TABLE t RESET RETENTION", NULL, "retention"}
};

static bool
parse_test_function(const ParseTest *test, FuncCall *call)
{
	return test->function != NULL &&
		strcmp(strVal(llast(call->funcname)), test->function) == 0;
}

/*
 * Does the tree hold what the test expects?
 */
static bool
parse_test_tree(const ParseTest *test, Node *tree)
{
	List	   *options = NIL;
	DefElem    *option;

	if (IsA(tree, SelectStmt))
	{
		Node	   *item = linitial(((SelectStmt *) tree)->fromClause);

		switch (nodeTag(item))
		{
			case T_RangeVar:
				return test->method == NULL && test->function == NULL;
			case T_RangeTableSample:
				return test->method != NULL &&
					strcmp(strVal(lsecond(((RangeTableSample *) item)->method)),
						   test->method) == 0;
			case T_RangeSubselect:
				return parse_test_tree(test,
									   ((RangeSubselect *) item)->subquery);
			case T_RangeFunction:
				return parse_test_function(test,
										   linitial(linitial(((RangeFunction *) item)->functions)));
			default:
				return false;
		}
	}
	if (IsA(tree, CallStmt))
		return parse_test_function(test, ((CallStmt *) tree)->funccall);
	if (IsA(tree, CreateStmt))
		options = ((CreateStmt *) tree)->options;
	else if (IsA(tree, AlterTableStmt))
		options = (List *) linitial_node(AlterTableCmd,
										 ((AlterTableStmt *) tree)->cmds)->def;
	if (options == NIL || test->option == NULL)
		return false;
	option = linitial_node(DefElem, options);
	return option->defnamespace != NULL &&
		strcmp(option->defnamespace, TEMPORAL_OPTION_NAMESPACE) == 0 &&
		strcmp(option->defname, test->option) == 0;
}

/*
 * Parses a statement of every kind the way a client's is; returns NULL, or
 * what is wrong.
 */
static const char *
parse_self_test(void)
{
	for (int i = 0; i < lengthof(parse_tests); i++)
	{
		List	   *trees = pg_parse_query(parse_tests[i].statement);

		if (list_length(trees) != 1 ||
			!parse_test_tree(&parse_tests[i],
							 linitial_node(RawStmt, trees)->stmt))
			return "the self-test failed";
	}
	return NULL;
}
