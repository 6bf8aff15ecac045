//! Secrets that a local run generates: one file each, readable by its owner only, never printed.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use secrecy::{ExposeSecret as _, SecretString};

/// 256 bits, written in hexadecimal: no character needs quoting in SQL, a URL or a shell.
const BYTES: usize = 32;

/// A new secret from the system's random source.
///
/// # Errors
/// When `/dev/urandom` cannot be read.
pub(crate) fn generate() -> Result<SecretString> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(hex::encode(bytes).into())
}

/// The secret in `folder/name`, generated the first time.
///
/// # Errors
/// When the folder is not writable or the file does not hold a generated secret.
pub(crate) fn load_or_generate(folder: &Path, name: &str) -> Result<SecretString> {
    crate::paths::private_folder(folder)?;
    let path = folder.join(name);
    let context = || format!("cannot keep a secret in {}", path.display());
    if path.exists() {
        let text = fs::read_to_string(&path).with_context(context)?;
        let text = text.trim();
        if text.len() != BYTES * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("{} is damaged: remove it, and a new one is made", path.display());
        }
        return Ok(text.into());
    }
    let secret = generate()?;
    // Written beside it and renamed, so that a full disk leaves no empty secret behind.
    let new = folder.join(format!(".{name}.new"));
    fs::remove_file(&new).ok();
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).with_context(context)?;
    file.write_all(secret.expose_secret().as_bytes()).and_then(|()| file.sync_all()).with_context(context)?;
    fs::rename(&new, &path).with_context(context)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn scratch(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("atelier-xtask-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        folder
    }

    #[test]
    fn a_secret_is_made_once_kept_and_only_its_owner_reads_it() {
        let folder = scratch("secret");
        let load = |name| load_or_generate(&folder, name).unwrap().expose_secret().to_owned();
        assert_eq!(load("key"), load("key"));
        assert_ne!(load("key"), load("other"));
        assert_eq!(folder.join("key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_secret_is_refused_and_never_shown() {
        let folder = scratch("damaged");
        load_or_generate(&folder, "key").unwrap();
        fs::write(folder.join("key"), "short").unwrap();
        let error = load_or_generate(&folder, "key").err().unwrap();
        assert!(format!("{error}").contains("damaged") && !format!("{error}").contains("short"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
