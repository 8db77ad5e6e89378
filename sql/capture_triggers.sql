--
-- User triggers and the period: BEFORE triggers are overruled, AFTER triggers
-- that write again are captured, suppressed rows make no version
--
CREATE TABLE trg (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;

CREATE FUNCTION trg_forge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.sys_start := '2000-01-01';
	NEW.sys_end := '2001-01-01';
	NEW.v := NEW.v + 1000;
	RETURN NEW;
END $$;
CREATE TRIGGER trg_forge BEFORE INSERT OR UPDATE ON trg FOR EACH ROW EXECUTE FUNCTION trg_forge();

INSERT INTO trg VALUES (1, 1), (2, 2);
UPDATE trg SET v = v + 1 WHERE id = 1;
INSERT INTO trg VALUES (2, 3) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
COPY trg FROM stdin;
3	3
\.
MERGE INTO trg t USING (VALUES (3), (4)) AS s (id) ON t.id = s.id
WHEN MATCHED THEN UPDATE SET v = 4
WHEN NOT MATCHED THEN INSERT VALUES (s.id, 4);
SELECT id, v, sys_start > '2020-01-01' AS true_start,
       sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY id ORDER BY sys_start) AS true_end
FROM trg FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- NULL does not help either
CREATE FUNCTION trg_null() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.sys_start := NULL;
	NEW.sys_end := NULL;
	RETURN NEW;
END $$;
CREATE TRIGGER trg_null BEFORE INSERT OR UPDATE ON trg FOR EACH ROW EXECUTE FUNCTION trg_null();
UPDATE trg SET v = 5 WHERE id = 4;
SELECT id, v, sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY id ORDER BY sys_start) AS true_end
FROM trg FOR SYSTEM_TIME ALL WHERE id = 4 ORDER BY sys_start;

-- One transaction, one version also with a guard
BEGIN;
UPDATE trg SET v = 6 WHERE id = 4;
UPDATE trg SET v = 7 WHERE id = 4;
INSERT INTO trg VALUES (5, 1);
UPDATE trg SET v = 2 WHERE id = 5;
COMMIT;
SELECT id, v, sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY id ORDER BY sys_start) AS true_end
FROM trg FOR SYSTEM_TIME ALL WHERE id >= 4 ORDER BY id, sys_start;

-- The guard is there as long as it is needed, fires last, and stays
SELECT tgname FROM pg_trigger WHERE tgrelid = 'trg'::regclass ORDER BY tgname;
CREATE TRIGGER zzzz_late BEFORE UPDATE ON trg FOR EACH ROW EXECUTE FUNCTION trg_forge();
\echo :SQLSTATE
ALTER TRIGGER trg_forge ON trg RENAME TO zzzz_late;
\echo :SQLSTATE
ALTER TRIGGER zzz_temporal_guard ON trg RENAME TO aaa;
\echo :SQLSTATE
ALTER TABLE trg DISABLE TRIGGER zzz_temporal_guard;
\echo :SQLSTATE
DROP TRIGGER trg_forge ON trg;
DROP TRIGGER trg_null ON trg;
SELECT count(*) AS guards FROM pg_trigger WHERE tgrelid = 'trg'::regclass AND tgname ~ 'guard';
CREATE TRIGGER trg_forge BEFORE INSERT OR UPDATE ON trg FOR EACH ROW EXECUTE FUNCTION trg_forge();
SELECT count(*) AS guards FROM pg_trigger WHERE tgrelid = 'trg'::regclass AND tgname ~ 'guard';
CREATE OR REPLACE TRIGGER trg_forge BEFORE DELETE ON trg FOR EACH ROW EXECUTE FUNCTION trg_forge();
SELECT count(*) AS guards FROM pg_trigger WHERE tgrelid = 'trg'::regclass AND tgname ~ 'guard';
DROP TRIGGER trg_forge ON trg;

-- A trigger that was there before versioning
CREATE TABLE trg_old (id integer PRIMARY KEY, v integer, sys_start timestamptz, sys_end timestamptz);
INSERT INTO trg_old VALUES (1, 1, '2020-01-01', 'infinity');
CREATE TRIGGER trg_forge BEFORE INSERT OR UPDATE ON trg_old FOR EACH ROW EXECUTE FUNCTION trg_forge();
ALTER TABLE trg_old ADD PERIOD FOR SYSTEM_TIME (sys_start, sys_end), ADD SYSTEM VERSIONING;
UPDATE trg_old SET v = 2;
SELECT v, sys_end = lead(sys_start, 1, 'infinity') OVER (ORDER BY sys_start) AS true_end
FROM trg_old FOR SYSTEM_TIME ALL ORDER BY sys_start;

-- Rows that a trigger suppresses make no version
CREATE TABLE trg_skip (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE FUNCTION trg_suppress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' AND OLD.id % 2 = 1 THEN
		RETURN NULL;
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER suppress BEFORE INSERT OR UPDATE OR DELETE ON trg_skip FOR EACH ROW EXECUTE FUNCTION trg_suppress();
INSERT INTO trg_skip SELECT g, 0 FROM generate_series(1, 4) g;
UPDATE trg_skip SET v = 1;
DELETE FROM trg_skip WHERE id IN (1, 2);
SELECT id, v, sys_end = 'infinity' AS is_current
FROM trg_skip FOR SYSTEM_TIME ALL ORDER BY id, sys_start;

-- The period is what every UPDATE changes; temporal.skip_unchanged is for what
-- this trigger is for elsewhere
CREATE TRIGGER redundant BEFORE UPDATE ON trg_skip FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
UPDATE trg_skip SET v = v;
SELECT count(*) AS versions FROM trg_skip FOR SYSTEM_TIME ALL;

-- AFTER triggers that write again: to the same row, one version; to another
-- versioned table, the same instant
CREATE TABLE trg_again (id integer PRIMARY KEY, v integer, checked boolean) WITH SYSTEM VERSIONING;
CREATE TABLE trg_audit (id integer, was integer) WITH SYSTEM VERSIONING;
CREATE FUNCTION trg_write_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE trg_again SET checked = true WHERE id = NEW.id;
	IF TG_OP = 'UPDATE' THEN
		INSERT INTO trg_audit VALUES (OLD.id, OLD.v);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER again AFTER INSERT OR UPDATE OF v ON trg_again FOR EACH ROW EXECUTE FUNCTION trg_write_again();
INSERT INTO trg_again VALUES (1, 10), (2, 20);
UPDATE trg_again SET v = v + 1;
SELECT id, v, checked, sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY id ORDER BY sys_start) AS meets_next
FROM trg_again FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT a.id, a.was, a.sys_start = t.sys_start AS same_instant
FROM trg_audit a JOIN trg_again t USING (id) ORDER BY id;

-- A BEFORE trigger that changes other rows of the same table
CREATE TABLE trg_ring (id integer PRIMARY KEY, v integer, next integer) WITH SYSTEM VERSIONING;
INSERT INTO trg_ring VALUES (1, 0, 2), (2, 0, 3), (3, 0, NULL);
CREATE FUNCTION trg_pass_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE trg_ring SET v = NEW.v WHERE id = NEW.next;
	RETURN NEW;
END $$;
CREATE TRIGGER pass_on BEFORE UPDATE ON trg_ring FOR EACH ROW EXECUTE FUNCTION trg_pass_on();
UPDATE trg_ring SET v = 7 WHERE id = 1;
SELECT id, v, sys_end = lead(sys_start, 1, 'infinity') OVER (PARTITION BY id ORDER BY sys_start) AS meets_next
FROM trg_ring FOR SYSTEM_TIME ALL ORDER BY id, sys_start;
SELECT count(DISTINCT sys_start) AS instants FROM trg_ring;

-- A BEFORE DELETE trigger that writes the row it is about to lose
CREATE TABLE trg_last (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
INSERT INTO trg_last VALUES (1, 1);
CREATE FUNCTION trg_last_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE trg_last SET v = -1 WHERE id = OLD.id;
	RETURN OLD;
END $$;
CREATE TRIGGER last_word BEFORE DELETE ON trg_last FOR EACH ROW EXECUTE FUNCTION trg_last_word();
DELETE FROM trg_last;
\echo :SQLSTATE
SELECT id, v, sys_end = 'infinity' AS is_current FROM trg_last FOR SYSTEM_TIME ALL;

-- User triggers see the period
CREATE TABLE trg_see (id integer PRIMARY KEY, v integer) WITH SYSTEM VERSIONING;
CREATE FUNCTION trg_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% %: new starts at system time %, new is current %, old starts earlier %',
		TG_WHEN, TG_OP, NEW.sys_start = temporal.system_time(), NEW.sys_end = 'infinity', OLD.sys_start < NEW.sys_start;
	RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON trg_see FOR EACH ROW EXECUTE FUNCTION trg_tell();
INSERT INTO trg_see VALUES (1, 1);
UPDATE trg_see SET v = 2;

-- Transition tables of the user's own triggers
CREATE FUNCTION trg_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% old, % new', (SELECT count(*) FROM was), (SELECT count(*) FROM is_now);
	RETURN NULL;
END $$;
CREATE TRIGGER count AFTER UPDATE ON trg_see REFERENCING OLD TABLE AS was NEW TABLE AS is_now
	FOR EACH STATEMENT EXECUTE FUNCTION trg_count();
UPDATE trg_see SET v = 3;
SELECT v FROM trg_see FOR SYSTEM_TIME ALL ORDER BY sys_start;
