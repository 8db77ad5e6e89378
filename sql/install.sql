--
-- The first of the tests: installs the extension, and makes an ordinary role
-- everybody's.  SET ROLE NONE in a test is the superuser who runs it.
--
-- No maintenance but what a test calls for: some write versions of long ago
SELECT format('ALTER DATABASE %I SET temporal.maintenance = off', current_database())
\gexec

CREATE EXTENSION temporal;

SELECT extversion, extrelocatable, extnamespace::regnamespace
FROM pg_extension WHERE extname = 'temporal';

-- Twice is refused, as for any extension
CREATE EXTENSION temporal;

GRANT CREATE ON SCHEMA public TO regress_temporal_user;
SELECT format('ALTER DATABASE %I SET role = regress_temporal_user', current_database())
\gexec

\connect
SELECT current_user, session_user <> current_user AS is_lent;
