--
-- Statistics tell nobody of rows that row-level security hides: an operator
-- that talks is not shown them while a query of the past is planned
--
SET ROLE NONE;
CREATE ROLE regress_temporal_curious;
GRANT CREATE, USAGE ON SCHEMA public TO regress_temporal_curious;
CREATE TABLE hidden (id integer PRIMARY KEY, word text) WITH SYSTEM VERSIONING;
INSERT INTO hidden SELECT g, 'secret ' || g % 3 FROM generate_series(1, 300) g;
UPDATE hidden SET word = 'other ' || word WHERE id < 200;
GRANT SELECT ON hidden TO regress_temporal_curious;
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY hidden_policy ON hidden TO regress_temporal_curious USING (id < 0);
ANALYZE hidden, hidden_history;

SET ROLE regress_temporal_curious;
CREATE FUNCTION hidden_tell(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'seen: %', $1;
	RETURN true;
END
$$;
CREATE OPERATOR <<< (FUNCTION = hidden_tell, LEFTARG = text, RIGHTARG = text, RESTRICT = scalarltsel);
SELECT * FROM hidden WHERE word <<< '';
SELECT * FROM hidden FOR SYSTEM_TIME ALL WHERE word <<< '';
SELECT * FROM hidden FOR SYSTEM_TIME AS OF now() WHERE word <<< '';

SET ROLE NONE;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP TABLE hidden CASCADE;
DROP OPERATOR <<< (text, text);
DROP FUNCTION hidden_tell;
REVOKE ALL ON SCHEMA public FROM regress_temporal_curious;
DROP ROLE regress_temporal_curious;
