--
-- What the new forms call, as far as it is not there yet: goes, and
-- syntax_stubs_drop with it, when all of it is
--
SET ROLE NONE;
CREATE TABLE public.syn_stub (made text);
CREATE FUNCTION public.syn_stub(kind text, signature text, result text, body text) RETURNS void LANGUAGE plpgsql AS $do$
BEGIN
	IF to_regprocedure(regexp_replace('temporal.' || signature, '"?\w+"? (\w+(\[\])?)', '\1', 'g')) IS NULL THEN
		EXECUTE format('CREATE %s temporal.%s %s AS %L', kind, signature, result, body);
		INSERT INTO public.syn_stub VALUES (kind || ' temporal.' || signature);
	END IF;
END $do$;
SELECT syn_stub('FUNCTION', 'time_of_scn(bigint)', 'RETURNS timestamptz LANGUAGE sql STABLE',
	$$ SELECT '2000-01-01 00:00+00'::timestamptz + $1 * interval '1 microsecond' $$);
SELECT syn_stub('FUNCTION', format('time_of_transaction(%s)', type), 'RETURNS timestamptz LANGUAGE sql STABLE',
	$$ SELECT 'infinity'::timestamptz $$) FROM unnest(ARRAY['bigint', 'xid8']) AS type;
SELECT syn_stub('FUNCTION', 'time_of_snapshot(text)', 'RETURNS timestamptz LANGUAGE sql STABLE',
	$$ SELECT 'infinity'::timestamptz $$);
SELECT syn_stub('FUNCTION', format('%s(%s)', name, args), 'RETURNS boolean LANGUAGE plpgsql STABLE',
	'BEGIN RETURN true; END')
FROM (VALUES ('as_of', 'timestamptz'), ('from_to', 'timestamptz, timestamptz'), ('between_and', 'timestamptz, timestamptz'),
	('between_symmetric', 'timestamptz, timestamptz'), ('contained_in', 'timestamptz, timestamptz'), ('all_versions', 'boolean')) AS v (name, args);
SELECT syn_stub('FUNCTION', 'flashback_versions(relation anyelement, lower timestamptz, upper timestamptz)',
	'RETURNS TABLE (version anyelement, versions_startscn bigint, versions_starttime timestamptz, versions_endscn bigint,
		versions_endtime timestamptz, versions_xid xid8, versions_operation "char") LANGUAGE plpgsql STABLE', $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT t, 1::bigint, $1, 2::bigint, $2, NULL::xid8, ''I''::"char"
		FROM %s t TABLESAMPLE temporal.between_and($1, $2)', pg_typeof(relation)) USING lower, upper;
END $$);
SELECT syn_stub('PROCEDURE', 'flashback_table(relations regclass[], "time" timestamptz)', 'LANGUAGE plpgsql', $$
DECLARE
	relation regclass;
	rows jsonb;
BEGIN
	FOREACH relation IN ARRAY relations LOOP
		EXECUTE format('SELECT jsonb_agg(t) FROM %s t TABLESAMPLE temporal.as_of($1)', relation) INTO rows USING "time";
		EXECUTE format('DELETE FROM %s', relation);
		EXECUTE format('INSERT INTO %1$s (id, v) SELECT id, v FROM jsonb_populate_recordset(NULL::%1$s, $1)', relation) USING rows;
	END LOOP;
END $$);
DROP FUNCTION syn_stub;
