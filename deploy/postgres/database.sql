-- The district's database, the role that owns its tables (it migrates; no process logs in with it) and the role of the
-- processes, whose rights roles.sql gives. Run it once, as the server's administrator:
--   runuser -u postgres -- psql -v ON_ERROR_STOP=1 -f database.sql
CREATE ROLE lianqin_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
CREATE ROLE lianqin_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS;
CREATE DATABASE lianqin OWNER lianqin_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
REVOKE ALL ON DATABASE lianqin FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE lianqin TO lianqin_app;
\connect lianqin
ALTER SCHEMA public OWNER TO lianqin_owner;
