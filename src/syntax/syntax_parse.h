/*-------------------------------------------------------------------------
 *
 * syntax_parse.h
 *	  Raw parsing with our forms, and without
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_SYNTAX_PARSE_H
#define TEMPORAL_SYNTAX_PARSE_H

#include "parser/parser.h"

/* What takes raw_parser()'s place */
extern List *syntax_parse(const char *string, RawParseMode mode);

/* The server's own raw_parser() */
typedef List *(*SyntaxRawParser) (const char *string, RawParseMode mode);
extern SyntaxRawParser syntax_parse_stock;

#endif							/* TEMPORAL_SYNTAX_PARSE_H */
