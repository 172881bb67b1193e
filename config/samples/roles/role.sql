-- One service: a role that owns one schema, sees nothing else, and is bounded.
\getenv role ROLE
\getenv password ROLE_PASSWORD
\getenv database DATABASE
\getenv connections CONNECTIONS
SET client_min_messages = warning;
BEGIN;
-- Of two who do this at once, the second finds it done.
SELECT pg_advisory_xact_lock(hashtext('emporium/roles')) \g /dev/null
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
-- A superuser is nobody's service.
SELECT 1 / (NOT rolsuper)::int FROM pg_roles WHERE rolname = :'role' \g /dev/null
ALTER ROLE :"role" CONNECTION LIMIT :connections;
GRANT CONNECT ON DATABASE :"database" TO :"role";
SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', :'role', :'role') WHERE to_regnamespace(:'role') IS NULL \gexec
ALTER ROLE :"role" IN DATABASE :"database" SET search_path = :"role";
COMMIT;
