CREATE EXTENSION temporal;

ALTER TABLE pgbench_accounts ADD SYSTEM VERSIONING;
ALTER TABLE pgbench_tellers ADD SYSTEM VERSIONING;
ALTER TABLE pgbench_branches ADD SYSTEM VERSIONING;

SELECT table_name, history, start_column, end_column FROM temporal.tables
ORDER BY table_name;
