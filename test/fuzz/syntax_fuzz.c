/*-------------------------------------------------------------------------
 *
 * syntax_fuzz.c
 *	  Garbled temporal statements against a running server
 *
 *		syntax_fuzz [statements [seed]]			connects by PGHOST, PGPORT ...
 *
 * Statements are made from a small grammar, then truncated, nested, and given
 * wrong, missing, doubled and exchanged tokens.  The same seed makes the same
 * statements.  What must hold:
 *
 *	1. The backend that started answers to the end, and the postmaster is the
 *	   same; no error is an internal one (class XX).
 *	2. A syntax error names the token at the position that it reports.
 *	3. A query is accepted for good reason: as a view it has as many references
 *	   in our stock forms as clauses were written, and what the server prints
 *	   of it means the same again.
 *
 * A query is only prepared; DDL and FLASHBACK TABLE run in a transaction that
 * is rolled back.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libpq-fe.h>

#define MAX_TOKENS		400
#define MAX_TEXT		16384
#define LENGTH(array)	((int) (sizeof(array) / sizeof((array)[0])))

/* The statement being made */
static const char *tokens[MAX_TOKENS];
static int	token_count;

static uint64_t state;
static PGconn *conn;
static long failures = 0;
static long accepted = 0;
static long compared = 0;

static int
any(int limit)
{
	/* xorshift64*: the same on every machine */
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (int) ((state * UINT64_C(2685821657736338717)) >> 33) % limit;
}

static bool
chance(int percent)
{
	return any(100) < percent;
}

/* Appends the words of a string, which are split at blanks. */
static void
put(const char *words)
{
	static char pool[1 << 20];
	static size_t used = 0;

	if (token_count == 0)
		used = 0;
	while (*words)
	{
		size_t		length = strcspn(words, " ");

		if (token_count >= MAX_TOKENS || used + length + 1 > sizeof(pool))
			return;
		memcpy(pool + used, words, length);
		pool[used + length] = '\0';
		tokens[token_count++] = pool + used;
		used += length + 1;
		words += length;
		words += strspn(words, " ");
	}
}

#define PUT_ONE_OF(list) put((list)[any(LENGTH(list))])

static void put_select(int depth);

static void
put_expression(int depth)
{
	static const char *const simple[] = {
		"now()", "'2024-01-01'", "TIMESTAMP '2024-01-01'", "a.at", "at",
		"TIMESTAMP WITH TIME ZONE '2024-01-01'", "'2024-01-01' :: timestamptz",
		"now() - INTERVAL '1' DAY", "now() - INTERVAL '1' YEAR TO MONTH",
		"current_timestamp (3)", "at AT TIME ZONE 'UTC' AT TIME ZONE 'UTC'",
		"U&'2024!002d01-01' UESCAPE '!'", "E'2024\\x2d01-01'", "$$2024-01-01$$",
		"CASE WHEN true AND false THEN now() ELSE at END",
		"CASE a.id WHEN 1 THEN now() END", "( now() )", "( ARRAY [ now() ] ) [ 1 ]",
		"date_trunc('day' , now())", "coalesce(at , now())",
		"max(at) FILTER (WHERE true) OVER ()", "'t\xc3\xa9'", "\"at\"",
		"now() OPERATOR(pg_catalog.-) INTERVAL '1 day'", "/* c */ now()"
	};

	if (depth > 0 && chance(15))
	{
		put("( SELECT max( at ) FROM");
		put("fuzz_b FOR SYSTEM_TIME ALL b )");
	}
	else
		PUT_ONE_OF(simple);
}

/* A point in time, perhaps with what it is measured in. */
static void
put_time(int depth)
{
	static const char *const units[] = {
		"SCN 4711", "SCN ( 1 + 2 )", "SCN a.id", "SCN id", "SCN '4711'",
		"SCN CASE WHEN true THEN 1 END", "TRANSACTION 4711", "TRANSACTION length(v)",
		"TRANSACTION '4711' :: xid8", "SNAPSHOT 'x'", "SNAPSHOT v || 'x'",
		"SNAPSHOT U&'d!0061ta' UESCAPE '!'", "scn", "transaction . at", "snapshot + 1",
		"SCN", "SCN SCN 1", "TIMESTAMP at", "TIMESTAMP ( now() )", "timestamp"
	};

	if (chance(25))
		PUT_ONE_OF(units);
	else
	{
		put(chance(10) ? "TIMESTAMP" : "");
		put_expression(depth);
	}
}

static void
put_versions(int depth)
{
	put("VERSIONS BETWEEN");
	put(chance(50) ? "SCN" : "TIMESTAMP");
	if (chance(30))
		put("MINVALUE");
	else if (chance(50))
		put("4711");
	else
		put_expression(depth);
	put("AND");
	if (chance(30))
		put("MAXVALUE");
	else
		put_time(depth);
}

static void
put_clause(int depth)
{
	static const char *const units[] = {
		"AS OF SCN 4711", "AS OF SCN a.id", "AS OF TRANSACTION 4711",
		"AS OF SNAPSHOT 'x'", "AS OF SNAPSHOT v", "AS OF SCN ( SELECT 1 )"
	};

	switch (any(14))
	{
		case 11:
		case 12:
			put_versions(depth);
			break;
		case 13:
			PUT_ONE_OF(units);
			break;
		case 8:
			put("AS OF NOW");
			break;
		case 9:
			put("AS OF TIMESTAMP");
			put_expression(depth);
			break;
		case 10:
			put("FOR SYSTEM_TIME AS OF NOW");
			break;
		case 0:
			put("FOR SYSTEM_TIME ALL");
			break;
		case 1:
			put("FOR SYSTEM_TIME FROM");
			put_time(depth);
			put("TO");
			put_time(depth);
			break;
		case 2:
			put("FOR SYSTEM_TIME BETWEEN");
			put(chance(50) ? "SYMMETRIC" : chance(50) ? "ASYMMETRIC" : "");
			put_time(depth);
			put("AND");
			put_time(depth);
			break;
		case 3:
			put("FOR SYSTEM_TIME CONTAINED IN (");
			put_time(depth);
			put(",");
			put_time(depth);
			put(")");
			break;
		default:
			put("FOR SYSTEM_TIME AS OF");
			put_time(depth);
			break;
	}
}

static void
put_table(int depth, const char *alias)
{
	static const char *const names[] = {
		"fuzz_a", "fuzz_b", "fuzz . fuzz_a", "ONLY fuzz_a", "fuzz_b *",
		"ONLY ( fuzz . fuzz_a )", "\"fuzz_a\"", "U&\"fuzz_\\0061\"",
		"fuzz_v", "fuzz . fuzz_v", "fuzz_nothing", "fuzz_mv"
	};

	if (depth > 0 && chance(15))
	{
		put("( ");
		put_select(depth - 1);
		put(")");
		put(alias);
		return;
	}
	if (chance(5))
	{
		/* stock, and no clause */
		put(chance(50) ? "fuzz_a AS of CROSS JOIN" : "fuzz_a versions CROSS JOIN");
	}
	PUT_ONE_OF(names);
	if (chance(75))
		put_clause(depth);
	if (chance(40))
		put("AS");
	put(alias);
}

static void
put_select(int depth)
{
	static const char *const joins[] = {
		"JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT OUTER JOIN"
	};

	put("SELECT a.id AS i FROM");
	put_table(depth, "a");
	if (chance(50))
	{
		if (chance(30))
		{
			put(",");
			put_table(depth, "b");
		}
		else
		{
			PUT_ONE_OF(joins);
			put_table(depth, "b");
			put("ON a.id = b.id");
		}
	}
	if (chance(30))
		put("WHERE a.id IN ( SELECT id FROM fuzz_b FOR SYSTEM_TIME ALL )");
	if (chance(20))
		put("ORDER BY 1 LIMIT 1");
	if (depth > 0 && chance(15))
	{
		put("UNION ALL");
		put_select(depth - 1);
	}
}

static void
put_ddl(void)
{
	static const char *const elements[] = {
		"id int", "s timestamp GENERATED ALWAYS AS ROW START",
		"e timestamp GENERATED ALWAYS AS ROW END NOT NULL",
		"PERIOD FOR SYSTEM_TIME ( s , e )", "v text DEFAULT 'a' CHECK ( v <> 'b' )",
		"PRIMARY KEY ( id )", "g int GENERATED ALWAYS AS IDENTITY"
	};
	static const char *const tails[] = {
		"WITH SYSTEM VERSIONING", "WITH ( fillfactor = 70 )", "USING heap",
		"TABLESPACE pg_default", "PARTITION BY RANGE ( id )", "INHERITS ( fuzz_b )",
		"ON COMMIT DROP", "WITHOUT OIDS"
	};
	static const char *const commands[] = {
		"ADD SYSTEM VERSIONING", "DROP SYSTEM VERSIONING", "DROP SYSTEM VERSIONING CASCADE",
		"ADD SYSTEM VERSIONING WITH ( temporal . history_table = 'fuzz.h' )",
		"ADD PERIOD FOR SYSTEM_TIME ( s , e )", "DROP PERIOD FOR SYSTEM_TIME",
		"ADD COLUMN s timestamp GENERATED ALWAYS AS ROW START",
		"ADD e timestamp ( 3 ) GENERATED ALWAYS AS ROW END", "ADD COLUMN z int",
		"ALTER COLUMN v SET NOT NULL", "ADD COLUMN system int"
	};

	if (chance(50))
	{
		put("CREATE TABLE fuzz_new (");
		for (int i = any(5); i >= 0; i--)
		{
			PUT_ONE_OF(elements);
			put(i > 0 ? "," : "");
		}
		put(")");
		for (int i = any(4); i > 0; i--)
			PUT_ONE_OF(tails);
		return;
	}
	put("ALTER TABLE fuzz_b");
	for (int i = any(4); i >= 0; i--)
	{
		PUT_ONE_OF(commands);
		put(i > 0 && chance(90) ? "," : "");
	}
}

static void
put_flashback(void)
{
	static const char *const names[] = {
		"fuzz_a", "fuzz . fuzz_b", "\"fuzz_a\"", "U&\"fuzz_\\0061\"", "fuzz_nothing",
		"U&\"fuzz!005fb\" UESCAPE '!'", "\"t\xc3\xa9\"", "fuzz_v"
	};
	static const char *const ends[] = {
		"ENABLE TRIGGERS", "DISABLE TRIGGERS", "; SELECT 1", "; FLASHBACK TABLE fuzz_a TO SCN 1"
	};

	if (chance(10))
		put("SELECT 1 ;");
	put("FLASHBACK TABLE");
	for (int i = any(3); i >= 0; i--)
	{
		PUT_ONE_OF(names);
		put(i > 0 ? "," : "");
	}
	put("TO");
	put(chance(90) ? chance(50) ? "SCN" : "TIMESTAMP" : "BEFORE DROP");
	if (chance(50))
		put("4711");
	else
		put_expression(1);
	if (chance(30))
		PUT_ONE_OF(ends);
}

/* Breaks the statement somewhere. */
static void
garble(void)
{
	static const char *const wrong[] = {
		"FOR", "SYSTEM_TIME", "AS", "OF", "FROM", "TO", "AND", "BETWEEN", "(", ")",
		",", ".", "*", "ALL", "CONTAINED", "IN", "[", "]", "CASE", "END", "'x'", "1",
		"::", "WITH", "SYSTEM", "VERSIONING", "PERIOD", "GENERATED", "ALWAYS", "ROW",
		"START", "JOIN", "a", "NOT", "IS", "NULL", "INTERVAL", "UESCAPE", "U&'a'",
		"U&\"a\"", "OPERATOR", "NOW", "TIMESTAMP", "AS of", "OVER", "AT", "LIKE", "ESCAPE", "TABLESAMPLE", "ONLY",
		"ADD", "DROP", "'\xc3\xa9'", "\xc3\xa9", "-- c\n", "/* c", "$x$", "'", "\"",
		"FOR SYSTEM_TIME ALL", "AS OF now()", "UPDATE", "LATERAL", "COLLATE", "-",
		"VERSIONS", "VERSIONS BETWEEN", "VERSIONS BETWEEN SCN 1 AND 2", "MINVALUE",
		"MAXVALUE", "SCN", "TRANSACTION", "SNAPSHOT", "AS OF SCN 1", "FLASHBACK",
		"FLASHBACK TABLE", "TABLE", "BEFORE", "ENABLE", "TRIGGERS", "CALL", "a()"
	};

	for (int times = any(3) + 1; times > 0 && token_count > 1; times--)
	{
		int			at = any(token_count);
		int			other = any(token_count);

		switch (any(6))
		{
			case 0:
				token_count = at + 1;
				break;
			case 1:
				memmove(&tokens[at], &tokens[at + 1],
						(token_count - at - 1) * sizeof(tokens[0]));
				token_count--;
				break;
			case 2:
				tokens[at] = wrong[any(LENGTH(wrong))];
				break;
			case 3:
				tokens[at] = tokens[other];
				break;
			default:
				if (token_count >= MAX_TOKENS)
					break;
				memmove(&tokens[at + 1], &tokens[at],
						(token_count - at) * sizeof(tokens[0]));
				tokens[at] = chance(50) ? wrong[any(LENGTH(wrong))] : tokens[other];
				token_count++;
				break;
		}
	}
}

static void
write_statement(char *text)
{
	char	   *at = text;

	for (int i = 0; i < token_count; i++)
	{
		size_t		length = strlen(tokens[i]);

		if (at + length + 2 > text + MAX_TEXT)
			break;
		memcpy(at, tokens[i], length);
		at += length;
		*at++ = chance(5) ? '\n' : ' ';
	}
	*at = '\0';
}

static void
report(const char *what, const char *statement, const char *detail)
{
	failures++;
	printf("not ok - %s\n# statement: %s\n# %s\n", what, statement,
		   detail ? detail : "");
}

/* Rule 2, and that the error is not an internal one. */
static void
check_error(const char *statement, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *near;
	const char *at = statement;

	if (sqlstate == NULL || strncmp(sqlstate, "XX", 2) == 0)
	{
		report("no internal error", statement, message);
		return;
	}
	if (message == NULL || (near = strstr(message, " at or near \"")) == NULL)
		return;
	if (position == NULL)
	{
		report("a syntax error has a position", statement, message);
		return;
	}
	for (int n = atoi(position) - 1; n > 0 && *at; n--)
	{
		at++;
		while ((*at & 0xc0) == 0x80)
			at++;
	}
	near += strlen(" at or near \"");
	if (strncmp(at, near, strlen(near) - 1) != 0)
		report("the error names the token at its position", statement, message);
}

/* Where a word begins that ends before a place, blanks aside; or NULL. */
static const char *
word_before(const char *text, const char *at, const char *word)
{
	size_t		length = strlen(word);

	while (at > text && isspace((unsigned char) at[-1]))
		at--;
	if (at - text >= (ptrdiff_t) length &&
		strncasecmp(at - length, word, length) == 0 &&
		(at - text == (ptrdiff_t) length ||
		 isspace((unsigned char) at[-length - 1])))
		return at - length;
	return NULL;
}

/* Number of our clauses in a text without quotes. */
static int
count_clauses(const char *text)
{
	static const char *const units[] = {
		"NOW", "TIMESTAMP", "SCN", "TRANSACTION", "SNAPSHOT"
	};
	int			count = 0;

	for (const char *at = text; (at = strcasestr(at, "SYSTEM_TIME")); at++)
		if (word_before(text, at, "FOR"))
			count++;
	for (const char *at = text; (at = strcasestr(at, "BETWEEN")); at++)
		if (word_before(text, at, "VERSIONS"))
			count++;
	for (int i = 0; i < LENGTH(units); i++)
	{
		for (const char *at = text; (at = strcasestr(at, units[i])); at++)
		{
			const char *as = word_before(text, at, "OF");

			if (as != NULL && (as = word_before(text, as, "AS")) != NULL &&
				!word_before(text, as, "SYSTEM_TIME"))
				count++;
		}
	}
	return count;
}

/* Number of references in our stock forms in a view's definition. */
static int
count_references(const char *definition)
{
	static const char *const forms[] = {
		"TABLESAMPLE temporal.", "WHERE temporal.",
		"FROM temporal.flashback_versions("
	};
	int			count = 0;

	for (int i = 0; i < LENGTH(forms); i++)
		for (const char *at = definition; (at = strstr(at, forms[i])); at++)
			count++;
	return count;
}

/* The first column of the first row, or NULL; to be freed. */
static char *
query_value(const char *sql)
{
	PGresult   *result = PQexec(conn, sql);
	char	   *value = NULL;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0)
		value = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

/* The statement as a view in the server's own words, or NULL. */
static char *
view_definition(const char *statement)
{
	char	   *sql = malloc(strlen(statement) + 64);
	PGresult   *result;
	char	   *definition = NULL;

	sprintf(sql, "CREATE OR REPLACE VIEW fuzz.view AS %s", statement);
	result = PQexec(conn, sql);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		definition = query_value("SELECT pg_get_viewdef('fuzz.view')");
	PQclear(result);
	PQclear(PQexec(conn, "DROP VIEW IF EXISTS fuzz.view"));
	free(sql);
	return definition;
}

/* Rule 3. */
static void
check_accepted(const char *statement)
{
	char	   *first;
	char	   *second;

	/* a word of ours in a string, a comment or a name cannot be counted */
	if (strstr(statement, "/*") || strstr(statement, "--") ||
		strstr(statement, "\"") || strstr(statement, "$") ||
		strncasecmp(statement, "SELECT", 6) != 0)
		return;
	first = view_definition(statement);
	if (first == NULL)
		return;
	compared++;
	second = view_definition(first);
	if (second == NULL || strcmp(first, second) != 0)
		report("the stock form means the same", statement, first);
	if (count_clauses(statement) != count_references(first))
		report("every clause is in the tree", statement, first);
	free(first);
	free(second);
}

static void
run(const char *statement, bool ddl)
{
	PGresult   *result;
	bool		failed;

	if (ddl)
	{
		PQclear(PQexec(conn, "BEGIN"));
		result = PQexec(conn, statement);
	}
	else
		result = PQprepare(conn, "", statement, 0, NULL);
	failed = (PQresultStatus(result) == PGRES_FATAL_ERROR);
	if (failed)
		check_error(statement, result);
	else
		accepted++;
	if (!ddl && !failed)
		check_accepted(statement);
	PQclear(result);
	if (ddl)
		PQclear(PQexec(conn, "ROLLBACK"));
	if (PQstatus(conn) != CONNECTION_OK)
	{
		report("the server is alive", statement, PQerrorMessage(conn));
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	static const char *const setup[] = {
		"SET client_min_messages = warning",
		"DROP SCHEMA IF EXISTS fuzz CASCADE",
		"CREATE SCHEMA fuzz",
		"SET search_path = fuzz",
		"CREATE TABLE fuzz_a (id int, v text, at timestamptz)",
		"CREATE TABLE fuzz_b (id int, v text, at timestamptz)",
		/* refused where only the parser is being tried */
		"ALTER TABLE fuzz_a ADD SYSTEM VERSIONING",
		"ALTER TABLE fuzz_b ADD SYSTEM VERSIONING",
		"CREATE VIEW fuzz_v AS SELECT id, v, at FROM fuzz_a",
		"CREATE MATERIALIZED VIEW fuzz_mv AS SELECT id, v, at FROM fuzz_a"
	};
	long		statements = argc > 1 ? atol(argv[1]) : 20000;
	char	   *started;
	char	   *still;
	int			backend;
	static char text[MAX_TEXT];

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 20111215;
	state |= 1;
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
	{
		fprintf(stderr, "%s", PQerrorMessage(conn));
		return 2;
	}
	for (int i = 0; i < LENGTH(setup); i++)
		PQclear(PQexec(conn, setup[i]));
	backend = PQbackendPID(conn);
	started = query_value("SELECT pg_postmaster_start_time()");

	for (long n = 0; n < statements; n++)
	{
		bool		ddl = chance(30);

		token_count = 0;
		if (ddl && chance(40))
			put_flashback();
		else if (ddl)
			put_ddl();
		else
			put_select(2);
		if (chance(80))
			garble();
		write_statement(text);

		/* a garbled query might have become anything, but is only prepared */
		run(text, ddl);
	}

	still = query_value("SELECT pg_postmaster_start_time()");
	if (!started || !still || strcmp(started, still) != 0 ||
		PQbackendPID(conn) != backend)
		report("the same server answers to the end", "", "");
	PQclear(PQexec(conn, "DROP SCHEMA fuzz CASCADE"));
	PQfinish(conn);
	printf("%sok 1 - %ld statements, %ld accepted, %ld compared, %ld failures\n1..1\n",
		   failures ? "not " : "", statements, accepted, compared, failures);
	free(started);
	free(still);
	return failures ? 1 : 0;
}
