# Every function of the extension, called by an ordinary role with arguments of
# all kinds, NULL first of all: each has an answer or an error that is meant
# for people, and the server lives on.  So it is with the library and without.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use TemporalTest;

my $node = TemporalTest->new_node('main', conf => <<'CONF');
restart_after_crash = off
autovacuum = off
log_min_messages = panic
CONF

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE caller LOGIN;
GRANT ALL ON DATABASE postgres TO caller;
CREATE SCHEMA s AUTHORIZATION caller;
ALTER ROLE caller SET search_path = s;
SQL

my @as = (extra_params => [ '-U', 'caller' ]);

$node->safe_psql('postgres', <<'SQL', @as);
CREATE TABLE t (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO t VALUES (1, 1), (2, 2);
UPDATE t SET v = 3 WHERE id = 1;
CREATE TABLE p (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING
	PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE plain (id integer, v text);
INSERT INTO plain VALUES (1, 'x');
CREATE VIEW w AS SELECT id, v FROM t;
CREATE SEQUENCE q;
CREATE TYPE pair AS (a integer, b integer);
SELECT temporal.create_snapshot('there', '{t}');

-- what is given to an argument of the type
CREATE TABLE given (type regtype, value text);
INSERT INTO given
SELECT type::regtype, value
FROM (VALUES
	('timestamptz', ARRAY['NULL', '''-infinity''', '''infinity''', 'now()', '''2000-01-01''',
		'''4714-11-24 00:00 BC''', '''294276-12-31 23:59:59.999999+00''',
		'(SELECT max(sys_start) FROM t)', '(SELECT committed_at FROM temporal.transactions LIMIT 1)']),
	('regclass', ARRAY['NULL', '''t''', '''t_history''', '''p''', '''p_1''', '''plain''', '''w''', '''q''',
		'''pair''', '''t_pkey''', '''pg_class''', '''temporal.transaction_log''', '0', '4294967295']),
	('bigint', ARRAY['NULL', '0', '1', '-1', '9223372036854775807', '-9223372036854775808',
		'(SELECT xid::text::bigint FROM temporal.transactions LIMIT 1)']),
	('xid8', ARRAY['NULL', '''0''', '''3''', '''18446744073709551615''', 'pg_current_xact_id()']),
	('text', ARRAY['NULL', '''''', '''there''', '''true''', '''id = 1''', ''') OR (true''', 'repeat(''x'', 100000)']),
	('boolean', ARRAY['NULL', 'true', 'false']),
	('record', ARRAY['NULL', 'ROW()', 'ROW(1, 2)', '(SELECT t FROM t LIMIT 1)', 'NULL::t', '(SELECT plain FROM plain)']),
	('anyelement', ARRAY['NULL::t', '(SELECT t FROM t LIMIT 1)', 'NULL::plain', 'NULL::p_1', 'NULL::pair', 'NULL::integer', '1']),
	('timestamptz[]', ARRAY['NULL', '''{}''', '''{NULL}''', '''{infinity}''', 'ARRAY[now()]', 'ARRAY[now(), NULL, now()]',
		'''{2030-01-01,2020-01-01,2010-01-01,infinity}''', '''[0:1]={2020-01-01,2010-01-01}''', '''{{2010-01-01},{2020-01-01}}''']),
	('regclass[]', ARRAY['NULL', '''{}''', '''{NULL}''', '''{t}''', '''{t,t,p}''', '''{plain}''', '''{0}''',
		'''{{t},{p}}''', '''{4294967295}''']),
	('internal', ARRAY['NULL'])) AS types(type, "values"), unnest("values") value;

-- calls the statement, and leaves nothing of it
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RAISE EXCEPTION USING ERRCODE = 'TTTTT';
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN 'TTTTT' THEN 'answer' ELSE SQLSTATE END;
END
$$;

-- all lists of arguments
CREATE FUNCTION argument_lists(types oidvector) RETURNS SETOF text[] LANGUAGE sql AS $$
	WITH RECURSIVE lists AS (
		SELECT 0 AS n, '{}'::text[] AS list
		UNION ALL
		SELECT n + 1, list || format('%s::%s', value, types[n]::regtype)
		FROM lists JOIN given ON type = types[n]
		WHERE n < cardinality(types)
	)
	SELECT list FROM lists WHERE n = cardinality(types)
$$;

CREATE FUNCTION ways(f regproc, kind "char", list text[]) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('CALL %s(%s)', f, array_to_string(list, ', ')) WHERE kind = 'p'
	UNION ALL
	SELECT way
	FROM (SELECT array_to_string(list, ', ') AS constants,
				 (SELECT string_agg('a.c' || i, ', ' ORDER BY i) FROM generate_subscripts(list, 1) i) AS columns,
				 (SELECT string_agg(format('%s AS c%s', list[i], i), ', ' ORDER BY i)
				  FROM generate_subscripts(list, 1) i) AS named) x,
		 unnest(ARRAY[
			format('SELECT %s(%s)', f, constants),
			format('SELECT * FROM %s(%s)', f, constants),
			-- nothing is known when the statement is planned
			format('SELECT %s(%s) FROM (SELECT %s OFFSET 0) a', f, columns, named)]) way
	WHERE kind <> 'p'
$$;

CREATE FUNCTION outcomes() RETURNS TABLE (f text, outcome text, n bigint, example text) LANGUAGE sql AS $$
	SELECT f, outcome, count(*), min(statement)
	FROM (SELECT p.oid::regprocedure::text AS f, statement, outcome(statement) AS outcome
		  FROM pg_proc p, argument_lists(p.proargtypes) list, ways(p.oid::regproc, p.prokind, list) statement
		  WHERE p.pronamespace = 'temporal'::regnamespace) x
	GROUP BY 1, 2
$$;

-- Triggers where they do not belong, and the clauses on what is not versioned
CREATE FUNCTION misplaced() RETURNS TABLE (statement text, outcome text) LANGUAGE sql AS $$
	SELECT statement, outcome(statement)
	FROM (SELECT format('CREATE TRIGGER x %s ON plain FOR EACH %s EXECUTE FUNCTION %s(%s); %s',
					event, level, p.oid::regproc, argument, action) AS statement
		  FROM pg_proc p,
			   (VALUES ('BEFORE INSERT', 'ROW'), ('AFTER INSERT', 'ROW'), ('BEFORE UPDATE', 'ROW'),
					('AFTER UPDATE', 'ROW'), ('BEFORE DELETE', 'ROW'), ('AFTER DELETE', 'ROW'),
					('BEFORE INSERT', 'STATEMENT'), ('AFTER UPDATE', 'STATEMENT'), ('AFTER DELETE', 'STATEMENT'),
					('BEFORE TRUNCATE', 'STATEMENT'), ('AFTER TRUNCATE', 'STATEMENT')) e(event, level),
			   (VALUES (''), ('''x''')) a(argument),
			   (VALUES ('INSERT INTO plain VALUES (2)'), ('UPDATE plain SET v = 2'), ('DELETE FROM plain'), ('TRUNCATE plain')) d(action)
		  WHERE p.pronamespace = 'temporal'::regnamespace AND p.prorettype = 'trigger'::regtype
			AND split_part(event, ' ', 2) = split_part(action, ' ', 1)
		  UNION ALL
		  SELECT format('SELECT * FROM %s TABLESAMPLE %s(%s)', relation, p.oid::regproc, array_to_string(list, ', '))
		  FROM (SELECT DISTINCT ON (proname) * FROM pg_proc WHERE pronamespace = 'temporal'::regnamespace
				AND EXISTS (SELECT FROM pg_proc h WHERE h.pronamespace = 'temporal'::regnamespace
							AND h.proname = pg_proc.proname AND h.prorettype = 'tsm_handler'::regtype)
				AND prorettype = 'boolean'::regtype) p,
			   argument_lists(p.proargtypes) list, unnest('{t,plain,p_1,t_history,pg_class}'::text[]) relation) x
$$;
SQL

# The server is there, and no error is of the kind that nobody expects.
sub asks
{
	my ($what) = @_;
	my ($ret, $stdout, $stderr);

	($ret, $stdout, $stderr) = $node->psql('postgres',
		"SET client_min_messages = error; CREATE TABLE outcome AS SELECT * FROM outcomes()", @as);
	is($ret, 0, "$what: all functions were called") or diag($stderr);
	($ret, $stdout, $stderr) = $node->psql('postgres',
		"SET client_min_messages = error; CREATE TABLE misplaced AS SELECT * FROM misplaced()", @as);
	is($ret, 0, "$what: and triggers and clauses where they do not belong") or diag($stderr);
	is($node->safe_psql('postgres', "SELECT f, outcome, n, left(example, 200) FROM outcome WHERE outcome IN ('XX000', 'XX001')", @as),
		'', "$what: errors are meant for people");
	is($node->safe_psql('postgres', "SELECT statement, outcome FROM misplaced WHERE outcome IN ('XX000', 'XX001')", @as),
		'', "$what: there, too");
	is($node->safe_psql('postgres', <<'SQL'), '', "$what: no function was forgotten");
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'temporal'::regnamespace
  AND NOT EXISTS (SELECT FROM s.outcome WHERE f = p.oid::regprocedure::text)
SQL
	return;
}

asks('with the library');
cmp_ok($node->safe_psql('postgres', "SELECT sum(n) FROM s.outcome WHERE outcome = 'answer'"),
	'>', 1000, 'many calls have an answer');

$node->safe_psql('postgres', 'DROP TABLE outcome, misplaced', @as);
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
asks('without the library');

# What needs no shared memory, and those that are strict, of NULL
is($node->safe_psql('postgres', <<'SQL', @as), <<'FUNCTIONS' =~ s/\n\z//r, 'without the library: what has answers');
SELECT DISTINCT split_part(f, '(', 1) FROM outcome WHERE outcome = 'answer' ORDER BY 1
SQL
temporal.audit_waiting
temporal.changed_columns
temporal.clause_bound
temporal.clause_time
temporal.column_instant
temporal.column_lower
temporal.column_time
temporal.column_upper
temporal.decompress_history
temporal.describe
temporal.enforce_retention
temporal.given_time
temporal.history_reaches
temporal.history_reaches_or_warns
temporal.job_is_running
temporal.retention_preview
temporal.row_end
temporal.scn_to_timestamp
temporal.shows
temporal.system_time
temporal.tick_committed_at
temporal.tick_siblings
temporal.tick_xid
temporal.time_of_scn
temporal.time_of_snapshot
temporal.time_of_transaction
temporal.timestamp_to_scn
temporal.trim_audit_log
FUNCTIONS

$node->stop;
done_testing();
