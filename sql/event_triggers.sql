--
-- Event triggers see what versions a table, and can forbid it
--
SET ROLE NONE;
CREATE FUNCTION evt_report() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
	dropped text;
BEGIN
	IF tg_event = 'sql_drop' THEN
		SELECT string_agg(object_identity, ', ' ORDER BY object_identity)
		INTO dropped
		FROM pg_event_trigger_dropped_objects() WHERE object_type = 'table';
	END IF;
	RAISE NOTICE '% of %', tg_event, concat_ws(': ', tg_tag, dropped);
END $$;
CREATE FUNCTION evt_forbid() RETURNS event_trigger LANGUAGE plpgsql AS
	'BEGIN RAISE ''% is forbidden'', tg_tag; END';
CREATE TABLE evt (id integer PRIMARY KEY, v integer);

CREATE EVENT TRIGGER evt_start ON ddl_command_start EXECUTE FUNCTION evt_report();
CREATE EVENT TRIGGER evt_drop ON sql_drop EXECUTE FUNCTION evt_report();
CREATE EVENT TRIGGER evt_end ON ddl_command_end EXECUTE FUNCTION evt_report();
ALTER TABLE evt ADD SYSTEM VERSIONING;
ALTER TABLE evt SET (temporal.skip_unchanged = on);
ALTER TABLE evt RESET (temporal.skip_unchanged), ALTER COLUMN v SET NOT NULL;
ALTER TABLE evt DROP SYSTEM VERSIONING CASCADE;
ALTER TABLE evt DROP PERIOD FOR SYSTEM_TIME, DROP COLUMN sys_start, DROP COLUMN sys_end;
ALTER TABLE IF EXISTS evt_none ADD SYSTEM VERSIONING;
CREATE TABLE evt_new (id integer PRIMARY KEY) WITH SYSTEM VERSIONING;
DROP TABLE evt_new CASCADE;
DROP EVENT TRIGGER evt_start;
DROP EVENT TRIGGER evt_drop;
DROP EVENT TRIGGER evt_end;

-- A statement that is forbidden did nothing
CREATE EVENT TRIGGER evt_none ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION evt_forbid();
ALTER TABLE evt ADD SYSTEM VERSIONING;
SELECT attname FROM pg_attribute WHERE attrelid = 'evt'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
DROP EVENT TRIGGER evt_none;
ALTER TABLE evt ADD SYSTEM VERSIONING;
CREATE EVENT TRIGGER evt_none ON sql_drop EXECUTE FUNCTION evt_forbid();
ALTER TABLE evt DROP SYSTEM VERSIONING CASCADE;
SELECT count(*) FROM evt FOR SYSTEM_TIME ALL;
DROP EVENT TRIGGER evt_none;

DROP TABLE evt CASCADE;
DROP FUNCTION evt_report, evt_forbid;
RESET ROLE;
