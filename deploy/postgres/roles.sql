-- The role that lianqin's processes log in with: it may read and write every table, but only read and add to the audit.
-- Run it in the district's database after the first `lianqin upgrade`, and again after each later one, as the server's
-- administrator or, where the role is there already, as the one that owns the tables:  psql DATABASE -f roles.sql
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lianqin_app') THEN
        CREATE ROLE lianqin_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS;
    END IF;
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO lianqin_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO lianqin_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO lianqin_app;
-- A large batch goes through a table of its own session; a month of the history is made and detached by its owner's
-- functions, for whoever owns nothing.
DO $$ BEGIN
    EXECUTE 'GRANT TEMPORARY ON DATABASE ' || quote_ident(current_database()) || ' TO lianqin_app';
    IF to_regprocedure('history_month(text, bigint, bigint)') IS NOT NULL THEN
        GRANT EXECUTE ON FUNCTION history_month(text, bigint, bigint), history_month_drop(text) TO lianqin_app;
    END IF;
END $$;
REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON audit FROM PUBLIC, lianqin_app;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM lianqin_app;
