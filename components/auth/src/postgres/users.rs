//! Accounts in PostgreSQL.

use web::UnixTime;

use super::{Database, DatabaseError, PostgresStore, Row};
use crate::{
    password_hash::PasswordHash,
    store::{InsertError, PasswordChange, UserStore},
    store_error::StoreError,
    user::{NewUser, StoredUser, UserId},
    username::UsernameKey,
};

const INSERT: &str = "
INSERT INTO users (id, username, username_key, password_hash, created_at)
VALUES ($1::text::uuid, $2::text, $3::text, $4::text, to_timestamp($5::bigint))";

/// The name of the constraint that makes names unique; see migration 0001.
const USERNAME_TAKEN: &str = "users_username_taken";

const FIND_BY_USERNAME: &str = "
SELECT id::text, username, password_hash, password_version FROM users WHERE username_key = $1::text";

const FIND_BY_ID: &str = "
SELECT id::text, username, password_hash, password_version FROM users WHERE id = $1::text::uuid";

const REPLACE_HASH: &str = "
UPDATE users SET password_hash = $3::text WHERE id = $1::text::uuid AND password_hash = $2::text";

/// A session is valid for one version of the password, so the DELETE only removes rows: a session that another
/// statement starts meanwhile with the old version is not valid either.
const CHANGE_PASSWORD: &str = "
WITH changed AS (
  UPDATE users SET password_hash = $3::text, password_version = password_version + 1
  WHERE id = $1::text::uuid AND password_version = $2::bigint
  RETURNING id, password_version
), ended AS (
  DELETE FROM sessions WHERE user_id IN (SELECT id FROM changed)
), started AS (
  INSERT INTO sessions (token_hash, user_id, password_version, created_at, last_seen_at, expires_at, user_agent)
  SELECT $4::bytea, id, password_version, to_timestamp($5::bigint), to_timestamp($5::bigint),
         to_timestamp($6::bigint), $7::text
  FROM changed
)
SELECT count(*) FROM changed";

/// Sessions and spending go with the account: their foreign keys cascade.
const DELETE: &str = "
DELETE FROM users WHERE id = $1::text::uuid AND password_version = $2::bigint RETURNING 1::bigint";

impl<D: Database> UserStore for PostgresStore<D> {
    async fn insert_user(&self, user: &NewUser, now: UnixTime) -> Result<(), InsertError> {
        let parameters = [
            user.id.as_str().into(),
            user.username.as_str().into(),
            user.username.key().as_str().into(),
            user.password_hash.as_str().into(),
            now.0.into(),
        ];
        match self.query(INSERT, &parameters).await {
            Ok(_) => Ok(()),
            Err(error) if error.violates(USERNAME_TAKEN) => Err(InsertError::UsernameTaken),
            Err(error) => Err(InsertError::Store(error.into())),
        }
    }

    async fn find_by_username(&self, key: &UsernameKey) -> Result<Option<StoredUser>, StoreError> {
        let row = self.first(FIND_BY_USERNAME, &[key.as_str().into()]).await?;
        Ok(row.map(stored_user).transpose()?)
    }

    async fn find_by_id(&self, id: &UserId) -> Result<Option<StoredUser>, StoreError> {
        let row = self.first(FIND_BY_ID, &[id.as_str().into()]).await?;
        Ok(row.map(stored_user).transpose()?)
    }

    async fn replace_hash(
        &self,
        id: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let parameters = [id.as_str().into(), old.as_str().into(), new.as_str().into()];
        self.query(REPLACE_HASH, &parameters).await?;
        Ok(())
    }

    async fn change_password(&self, change: &PasswordChange<'_>) -> Result<bool, StoreError> {
        let parameters = [
            change.user_id.as_str().into(),
            change.verified_version.into(),
            change.new_hash.as_str().into(),
            change.session.token_hash.as_bytes().into(),
            change.session.started.0.into(),
            change.session.expires().0.into(),
            change.session.user_agent.as_str().into(),
        ];
        let changed = self.first(CHANGE_PASSWORD, &parameters).await?;
        Ok(changed.map(|mut row| row.int(0)).transpose()?.unwrap_or_default() > 0)
    }

    async fn delete_user(&self, id: &UserId, verified_version: i64) -> Result<bool, StoreError> {
        let parameters = [id.as_str().into(), verified_version.into()];
        Ok(self.first(DELETE, &parameters).await?.is_some())
    }
}

fn stored_user(mut row: Row) -> Result<StoredUser, DatabaseError> {
    Ok(StoredUser {
        id: UserId::from_stored(row.text(0)?),
        username: row.text(1)?,
        password_hash: PasswordHash::from_stored(row.text(2)?),
        password_version: row.int(3)?,
    })
}
