/*-------------------------------------------------------------------------
 *
 * syntax_token.c
 *	  A statement's text as tokens, split by the server's own scanner
 *
 * Strings of every kind, comments, dollar quotes, quoted names and encodings
 * are the scanner's business, so nothing here can mistake one for the other.
 *
 * TOKEN CODES.  The scanner returns the grammar's codes, and gram.h is not
 * installed since PostgreSQL 16.  Codes of keywords are in ScanKeywordTokens;
 * those of the other tokens are learnt at start by scanning a sample.
 *
 * MESSAGES.  The text is scanned a second time by the original parser, which
 * gives the warnings (backslashes, truncated names).  Here they are silenced.
 * An error is left to itself: it would be the same one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "common/keywords.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/scanner.h"
#include "utils/guc.h"

#include "syntax/syntax_token.h"

/* Room for token codes; PostgreSQL 18 has about 800 */
#define CODE_LIMIT			2048

/* A scanned sample of every token that is neither keyword nor one character */
static const char *const token_sample =
"a U&\"b\" 'c' U&'d' 1.5 b'1' x'1' 1 $1 :: @@ <= >= <> .. := =>";

static const SyntaxTokenKind token_sample_kind[] = {
	TOKEN_NAME, TOKEN_NAME, TOKEN_STRING, TOKEN_STRING, TOKEN_NUMBER,
	TOKEN_NUMBER, TOKEN_NUMBER, TOKEN_NUMBER, TOKEN_PARAM, TOKEN_CAST,
	TOKEN_OPERATOR, TOKEN_OPERATOR, TOKEN_OPERATOR, TOKEN_OPERATOR,
	TOKEN_SIGN, TOKEN_SIGN, TOKEN_SIGN
};

static const char *const token_words[] = {
	"",
#define SYNTAX_WORD_SPELLING(word)	#word,
	SYNTAX_WORDS(SYNTAX_WORD_SPELLING)
};

/* What a token code means, filled by syntax_token_init() */
static uint8 code_kind[CODE_LIMIT];
static bool code_unicode[CODE_LIMIT];
static int16 code_keyword[CODE_LIMIT];
static uint8 code_word[CODE_LIMIT];

StaticAssertDecl(SQL_Count <= UCHAR_MAX, "code_word holds every word");

static void token_scan(SyntaxText *text, core_yyscan_t scanner,
					   const char *scanned);
static SyntaxWord token_find_word(const char *spelling);
static void token_classify(SyntaxToken *token, int code,
						   const core_YYSTYPE *value, const char *spelling);
static void token_match_groups(SyntaxText *text);

/*
 * Learns the token codes; false if the scanner is not as expected.
 */
bool
syntax_token_init(void)
{
	core_yy_extra_type extra;
	core_yyscan_t scanner;
	core_YYSTYPE value;
	YYLTYPE		location;
	bool		known = true;

	memset(code_kind, TOKEN_SIGN, sizeof(code_kind));
	memset(code_unicode, 0, sizeof(code_unicode));
	for (int i = 0; i < CODE_LIMIT; i++)
		code_keyword[i] = -1;

	for (int word = SQL_NONE + 2; word < SQL_Count; word++)
		Assert(pg_strcasecmp(token_words[word - 1], token_words[word]) < 0);

	for (int i = 0; i < ScanKeywords.num_keywords; i++)
	{
		if (ScanKeywordTokens[i] >= CODE_LIMIT)
			return false;
		code_kind[ScanKeywordTokens[i]] = TOKEN_KEYWORD;
		code_keyword[ScanKeywordTokens[i]] = i;
		code_word[ScanKeywordTokens[i]] =
			token_find_word(GetScanKeyword(i, &ScanKeywords));
	}

	scanner = scanner_init(token_sample, &extra,
						   &ScanKeywords, ScanKeywordTokens);
	extra.standard_conforming_strings = true;
	for (int i = 0; i < lengthof(token_sample_kind) && known; i++)
	{
		int			code = core_yylex(&value, &location, scanner);

		known = (code > UCHAR_MAX && code < CODE_LIMIT &&
				 code_keyword[code] < 0);
		if (known)
		{
			code_kind[code] = token_sample_kind[i];
			code_unicode[code] = (token_sample[location] == 'U');
		}
	}
	if (known)
		known = (core_yylex(&value, &location, scanner) == 0);
	scanner_finish(scanner);

	for (const char *sign = "+-*/%^<>="; *sign; sign++)
		code_kind[(unsigned char) *sign] = TOKEN_OPERATOR;
	return known;
}

/*
 * Splits a string.  Everything is allocated in the current memory context;
 * the string must stay.
 */
void
syntax_tokenize(SyntaxText *text, const char *string)
{
	core_yy_extra_type extra;
	core_yyscan_t scanner;
	int			save_client = client_min_messages;
	int			save_log = log_min_messages;

	text->text = string;
	text->length = strlen(string);
	scanner = scanner_init(string, &extra, &ScanKeywords, ScanKeywordTokens);
	extra.escape_string_warning = false;
	PG_TRY();
	{
		client_min_messages = ERROR;
		log_min_messages = ERROR;
		token_scan(text, scanner, extra.scanbuf);
	}
	PG_FINALLY();
	{
		client_min_messages = save_client;
		log_min_messages = save_log;
	}
	PG_END_TRY();
	scanner_finish(scanner);
	token_match_groups(text);
}

/*
 * Is the token in the U& form and followed by UESCAPE and a string?
 */
bool
syntax_has_uescape(const SyntaxText *text, int index)
{
	return syntax_token(text, index)->unicode &&
		syntax_is_word(text, index + 1, SQL_UESCAPE) &&
		syntax_token(text, index + 2)->kind == TOKEN_STRING;
}

/*
 * May the token be a name without quotes, a reserved word aside?
 */
bool
syntax_is_name(const SyntaxText *text, int index)
{
	const SyntaxToken *token = syntax_token(text, index);

	return token->kind == TOKEN_NAME ||
		(token->kind == TOKEN_KEYWORD && token->category != RESERVED_KEYWORD);
}

/*
 * Index behind the dotted name that begins at index, or index if none does.
 */
int
syntax_after_name(const SyntaxText *text, int index)
{
	if (!syntax_is_name(text, index))
		return index;
	for (;;)
	{
		if (syntax_has_uescape(text, index))
			index += 2;
		index++;
		/* behind a dot, reserved words are names as well */
		if (!syntax_is_sign(text, index, '.') ||
			(syntax_token(text, index + 1)->kind != TOKEN_NAME &&
			 syntax_token(text, index + 1)->kind != TOKEN_KEYWORD))
			return index;
		index++;
	}
}

/*
 * Index behind the closing partner of the parenthesis or bracket at index.
 */
int
syntax_after_group(const SyntaxText *text, int index)
{
	if (text->tokens[index].match < 0)
		syntax_error_at(text, text->count, NULL);
	return text->tokens[index].match + 1;
}

/*
 * Reports the cursor position of a token, in characters as clients want it.
 */
int
syntax_errposition(const SyntaxText *text, int index)
{
	return syntax_errposition_at(text, syntax_token(text, index)->start);
}

/*
 * The same of a byte offset, such as a location in the tree.
 */
int
syntax_errposition_at(const SyntaxText *text, int location)
{
	return errposition(pg_mbstrlen_with_len(text->text, location) + 1);
}

/*
 * Raises a syntax error at a token, worded as the server's own.
 */
void
syntax_error_at(const SyntaxText *text, int index, const char *hint)
{
	const SyntaxToken *token = syntax_token(text, index);

	if (token->kind == TOKEN_END)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("syntax error at end of input"),
				 hint ? errhint("%s", hint) : 0,
				 syntax_errposition(text, index)));
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("syntax error at or near \"%s\"",
					pnstrdup(text->text + token->start,
							 token->end - token->start)),
			 hint ? errhint("%s", hint) : 0,
			 syntax_errposition(text, index)));
}

/*
 * Fills the array of tokens, the one for the end included.
 */
static void
token_scan(SyntaxText *text, core_yyscan_t scanner, const char *scanned)
{
	int			allocated = 64;
	int			code;

	text->tokens = palloc(allocated * sizeof(SyntaxToken));
	text->count = -1;
	do
	{
		SyntaxToken *token;
		core_YYSTYPE value;
		YYLTYPE		location;

		CHECK_FOR_INTERRUPTS();
		if (++text->count >= allocated)
		{
			allocated *= 2;
			text->tokens = repalloc_huge(text->tokens,
										 allocated * sizeof(SyntaxToken));
		}
		token = &text->tokens[text->count];
		code = core_yylex(&value, &location, scanner);
		token->start = location;

		/* the scanner keeps its copy terminated behind the last token */
		token->end = location + strlen(scanned + location);
		token_classify(token, code, &value, text->text + location);
	} while (code != 0);
}

static SyntaxWord
token_find_word(const char *spelling)
{
	int			low = SQL_NONE + 1;
	int			high = SQL_Count;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = pg_strcasecmp(spelling, token_words[middle]);

		if (order == 0)
			return (SyntaxWord) middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SQL_NONE;
}

static void
token_classify(SyntaxToken *token, int code, const core_YYSTYPE *value,
			   const char *spelling)
{
	bool		in_range = (code > 0 && code < CODE_LIMIT);

	token->kind = (in_range ? code_kind[code] : TOKEN_SIGN);
	token->word = SQL_NONE;
	token->sign = (code > 0 && code <= UCHAR_MAX) ? (char) code : '\0';
	token->taken = false;
	token->unicode = in_range && code_unicode[code];
	token->category = UNRESERVED_KEYWORD;
	token->open = -1;
	token->match = -1;

	if (code == 0)
		token->kind = TOKEN_END;
	else if (token->kind == TOKEN_KEYWORD)
	{
		token->category = ScanKeywordCategories[code_keyword[code]];
		token->word = code_word[code];
	}
	else if (token->kind == TOKEN_NAME && !token->unicode &&
			 spelling[0] != '"')
		token->word = token_find_word(value->str);
}

/*
 * Fills open and match.  A closing sign that fits no opening one, or the
 * wrong one, stays alone: the original parser complains about it.
 */
static void
token_match_groups(SyntaxText *text)
{
	int			open = -1;

	for (int i = 0; i <= text->count; i++)
	{
		SyntaxToken *token = &text->tokens[i];

		token->open = open;
		if (token->sign == '(' || token->sign == '[')
			open = i;
		else if ((token->sign == ')' || token->sign == ']') && open >= 0 &&
				 text->tokens[open].sign == (token->sign == ')' ? '(' : '['))
		{
			token->match = open;
			text->tokens[open].match = i;
			open = text->tokens[open].open;
			token->open = open;
		}
	}
}
