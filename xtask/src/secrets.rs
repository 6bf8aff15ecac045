//! Secrets that a local run makes for itself: one file each, readable by its owner only, never printed.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// 256 bits, as hexadecimal: no character needs quoting in SQL, a URL or a shell.
const BYTES: usize = 32;

/// A secret's text. No `Debug` and no `Display`: it reaches a file, a child's environment or a server, nothing else.
pub(crate) struct Secret(String);

impl Secret {
    /// The text, where it has to be handed over.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A new one from the system's random source.
    ///
    /// # Errors
    /// When `/dev/urandom` cannot be read.
    pub(crate) fn generate() -> Result<Self> {
        let mut bytes = [0; BYTES];
        File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(&mut bytes))
            .context("cannot read /dev/urandom")?;
        let mut text = String::with_capacity(BYTES * 2);
        for byte in bytes {
            write!(text, "{byte:02x}")?;
        }
        Ok(Self(text))
    }

    /// The secret kept in `folder/name`; made and written there the first time.
    ///
    /// # Errors
    /// When the folder is not writable or the file does not hold what we wrote.
    pub(crate) fn kept(folder: &Path, name: &str) -> Result<Self> {
        crate::paths::private_folder(folder)?;
        let path = folder.join(name);
        let what = || format!("cannot keep a secret in {}", path.display());
        if path.exists() {
            let text = fs::read_to_string(&path).with_context(what)?;
            let text = text.trim();
            if text.len() != BYTES * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                bail!(
                    "{} is damaged: remove it, and {} with it if it is a password of the database there",
                    path.display(),
                    folder.display()
                );
            }
            return Ok(Self(text.to_owned()));
        }
        let secret = Self::generate()?;
        // Written beside and renamed, so that a full disk leaves no empty secret behind.
        let fresh = folder.join(format!(".{name}.new"));
        fs::remove_file(&fresh).ok();
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).with_context(what)?;
        file.write_all(secret.0.as_bytes()).and_then(|()| file.sync_all()).with_context(what)?;
        fs::rename(&fresh, &path).with_context(what)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn scratch(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("atelier-xtask-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        folder
    }

    #[test]
    fn a_secret_is_made_once_kept_and_only_its_owner_reads_it() {
        let folder = scratch("secret");
        let first = Secret::kept(&folder, "key").unwrap();
        let again = Secret::kept(&folder, "key").unwrap();
        assert_eq!(first.reveal(), again.reveal());
        assert_ne!(first.reveal(), Secret::kept(&folder, "other").unwrap().reveal());
        assert_eq!(folder.join("key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_secret_is_refused_and_never_shown() {
        let folder = scratch("damaged");
        Secret::kept(&folder, "key").unwrap();
        fs::write(folder.join("key"), "short").unwrap();
        let error = Secret::kept(&folder, "key").err().unwrap();
        assert!(format!("{error}").contains("damaged") && !format!("{error}").contains("short"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
