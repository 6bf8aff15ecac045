//! The application's database and the one role that uses it: not a superuser, and nothing but this database.

use anyhow::{Context, Result};
use postgres::Client;

use crate::secrets::Secret;

/// The application's database and role, as `spin.toml` names them by default.
pub(crate) const NAME: &str = "atelier";

/// Makes the role and the database if they are not there, and sets the password. Can be called at any time.
///
/// # Errors
/// When the server refuses a statement.
pub(crate) fn ensure(server: &mut Client, password: &Secret) -> Result<()> {
    // A refused statement is written to the server's log, and one of these holds a password.
    server.batch_execute("SET log_min_error_statement = panic")?;
    if server.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&NAME])?.is_none() {
        server.batch_execute(&format!("CREATE ROLE {NAME}")).context("cannot make the application's role")?;
    }
    // The password is hexadecimal (see `Secret`), so it needs no quoting.
    server
        .batch_execute(&format!(
            "ALTER ROLE {NAME} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{}'",
            password.reveal()
        ))
        .context("cannot set the application's password")?;
    if server.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&NAME])?.is_none() {
        server
            .batch_execute(&format!("CREATE DATABASE {NAME}"))
            .context("cannot make the application's database")?;
    }
    server.batch_execute(&format!(
        "REVOKE ALL ON DATABASE {NAME}, postgres FROM PUBLIC; GRANT CONNECT ON DATABASE {NAME} TO {NAME}"
    ))?;
    Ok(())
}

/// Inside the application's database: its role may make tables, nobody else may do anything.
///
/// # Errors
/// When the server refuses a statement.
pub(crate) fn open_schema(database: &mut Client) -> Result<()> {
    database.batch_execute(&format!(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE, CREATE ON SCHEMA public TO {NAME}"
    ))?;
    Ok(())
}
