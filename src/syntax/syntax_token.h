/*-------------------------------------------------------------------------
 *
 * syntax_token.h
 *	  A statement's text as tokens
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_TOKEN_H
#define TEMPORAL_SYNTAX_TOKEN_H

#include "base/compat.h"

/*
 * The words that our recognisers tell apart, keywords of the server or not,
 * in alphabetical order.
 */
#define SYNTAX_WORDS(word) \
	word(ADD) word(ALL) word(ALTER) word(ALWAYS) word(AND) word(ANY) \
	word(ARRAY) word(AS) word(ASYMMETRIC) word(AT) word(BEFORE) word(BETWEEN) \
	word(BIT) word(BY) word(CASCADE) word(CASE) word(CAST) word(CHAR) \
	word(CHARACTER) word(COLLATE) word(COLLATION) word(COLUMN) word(COMMENT) \
	word(COMMIT) word(CONSTRAINT) word(CONTAINED) word(CREATE) \
	word(CURRENT_CATALOG) word(CURRENT_DATE) word(CURRENT_ROLE) \
	word(CURRENT_TIME) word(CURRENT_TIMESTAMP) word(CURRENT_USER) word(DAY) \
	word(DEFAULT) word(DISABLE) word(DISTINCT) word(DOCUMENT) word(DOUBLE) \
	word(DROP) word(ENABLE) word(END) word(ESCAPE) word(EXISTS) word(FALSE) \
	word(FILTER) word(FLASHBACK) word(FOR) word(FOREIGN) word(FROM) \
	word(FUNCTION) word(GENERATED) word(GLOBAL) word(GROUP) word(HOUR) \
	word(IF) word(ILIKE) word(IN) word(INHERITS) word(INTERVAL) word(IS) \
	word(ISNULL) word(JOIN) word(JSON) word(KEYS) word(LABEL) word(LATERAL) \
	word(LIKE) word(LOCAL) word(LOCALTIME) word(LOCALTIMESTAMP) word(MAPPING) \
	word(MAX_HISTORY_SIZE) word(MAX_HISTORY_VERSIONS) word(MAXVALUE) \
	word(MINUTE) word(MINVALUE) word(MONTH) word(NATIONAL) word(NCHAR) \
	word(NFC) word(NFD) word(NFKC) word(NFKD) word(NORMALIZED) word(NOT) \
	word(NOTNULL) word(NOW) word(NULL) word(OBJECT) word(OF) word(ON) \
	word(ONLY) word(OPERATOR) word(OR) word(OVER) word(OVERLAPS) \
	word(OVERLAY) word(PARTITION) word(PERIOD) word(PRECISION) word(RESET) \
	word(RESTRICT) word(RETENTION) word(RETENTION_PERIOD) \
	word(RETENTION_POLICY) word(ROW) word(ROWS) word(SCALAR) word(SCHEMA) \
	word(SCN) word(SECOND) word(SECURITY) word(SELECT) word(SESSION_USER) \
	word(SET) word(SIMILAR) word(SNAPSHOT) word(SOME) word(START) \
	word(SUBSTRING) word(SYMMETRIC) word(SYSTEM) word(SYSTEM_TIME) \
	word(SYSTEM_USER) word(TABLE) word(TABLESPACE) word(TEMP) word(TEMPORARY) \
	word(TIME) word(TIMESTAMP) word(TO) word(TRANSACTION) word(TRANSFORM) \
	word(TRIGGERS) word(TRUE) word(UESCAPE) word(UNIQUE) word(UNKNOWN) \
	word(UNLOGGED) word(USER) word(USING) word(VALUE) word(VALUES) \
	word(VARCHAR) word(VARYING) word(VERSIONING) word(VERSIONS) word(WITH) \
	word(WITHIN) word(WITHOUT) word(YEAR) word(ZONE)

typedef enum SyntaxWord
{
	SQL_NONE,					/* no such word, or in double quotes */
#define SYNTAX_WORD_ENUM(word)	SQL_##word,
	SYNTAX_WORDS(SYNTAX_WORD_ENUM)
	SQL_Count
} SyntaxWord;

typedef enum SyntaxTokenKind
{
	TOKEN_END,					/* behind the last one */
	TOKEN_NAME,					/* identifier, also a quoted one */
	TOKEN_KEYWORD,				/* one of the server's, see category */
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_PARAM,				/* $1 */
	TOKEN_CAST,					/* :: */
	TOKEN_OPERATOR,
	TOKEN_SIGN					/* everything else; one character: in sign */
} SyntaxTokenKind;

typedef struct SyntaxToken
{
	SyntaxTokenKind kind;
	SyntaxWord	word;			/* of a keyword or an unquoted name */
	char		sign;			/* ( ) [ ] , . ; and one-character operators */
	bool		taken;			/* belongs to a clause already */
	bool		unicode;		/* U& form: UESCAPE may follow */
	int			category;		/* of a keyword, as in common/keywords.h */
	int			start;			/* byte offsets in the text */
	int			end;
	int			open;			/* index of the parenthesis around it, or -1 */
	int			match;			/* of a parenthesis: of its partner, or -1 */
} SyntaxToken;

typedef struct SyntaxText
{
	const char *text;
	int			length;
	SyntaxToken *tokens;		/* count of them, and TOKEN_END behind */
	int			count;
} SyntaxText;

/* The token at an index, or a word or sign; any index is allowed */
static inline const SyntaxToken *
syntax_token(const SyntaxText *text, int index)
{
	if (index < 0 || index > text->count)
		index = text->count;
	return &text->tokens[index];
}

static inline bool
syntax_is_word(const SyntaxText *text, int index, SyntaxWord word)
{
	return syntax_token(text, index)->word == word;
}

static inline bool
syntax_is_sign(const SyntaxText *text, int index, char sign)
{
	return syntax_token(text, index)->sign == sign;
}

extern bool syntax_token_init(void);
extern void syntax_tokenize(SyntaxText *text, const char *string);
extern bool syntax_has_uescape(const SyntaxText *text, int index);
extern bool syntax_is_name(const SyntaxText *text, int index);
extern int	syntax_after_name(const SyntaxText *text, int index);
extern int	syntax_after_group(const SyntaxText *text, int index);
extern int	syntax_errposition(const SyntaxText *text, int index);
extern int	syntax_errposition_at(const SyntaxText *text, int location);
pg_noreturn extern void syntax_error_at(const SyntaxText *text, int index,
										const char *hint);

#endif							/* TEMPORAL_SYNTAX_TOKEN_H */
