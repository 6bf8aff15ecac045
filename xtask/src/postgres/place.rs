//! Whose the database's files are, and where they can be.
//!
//! PostgreSQL refuses to run as root. Root therefore lends the database to an unprivileged user, who has to
//! reach its folder: a tree below `/root` is closed to everybody else, so the files then live in `/var/tmp`,
//! in a folder that a note in the data folder names.

use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};
use sha2::{Digest, Sha256};

/// The note that names the folder when it is elsewhere.
const NOTE: &str = "postgres-is-at";
/// Users that exist for this, in order of preference.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A folder for one database cluster, and who runs it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Owned by `user`, closed to others.
    pub(crate) home: PathBuf,
    /// The user and group to become, when we are root.
    pub(crate) user: Option<(u32, u32)>,
}

impl Place {
    /// The place that belongs to the data folder `data`, made if need be.
    ///
    /// # Errors
    /// When there is no unprivileged user, or the folder cannot be made or is another's.
    pub(crate) fn below(data: &Path) -> Result<Self> {
        if !geteuid().is_root() {
            let home = data.join("postgres");
            crate::paths::private_folder(&home)?;
            return Ok(Self { home, user: None });
        }
        let user = unprivileged()?;
        let home = match fs::read_to_string(data.join(NOTE)) {
            Ok(elsewhere) => PathBuf::from(elsewhere.trim()),
            Err(_) if reachable(data, user)? => {
                // Let the user pass through; the secrets beside are closed by their own folder.
                fs::set_permissions(data, Permissions::from_mode(data.metadata()?.mode() | 0o001))?;
                data.join("postgres")
            }
            Err(_) => {
                let home = elsewhere(data);
                fs::write(data.join(NOTE), format!("{}\n", home.display()))?;
                home
            }
        };
        lend(&home, user)?;
        Ok(Self { home, user: Some(user) })
    }
}

impl Place {
    /// Where downloaded server programs are kept, for every tree and every run: whoever runs them must reach it.
    ///
    /// # Errors
    /// When a user has no home.
    pub(crate) fn store(&self) -> Result<PathBuf> {
        if self.user.is_some() {
            return Ok(PathBuf::from("/var/cache/atelier"));
        }
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let caches = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
        Ok(caches.context("HOME is not set: set it to your home folder")?.join("atelier"))
    }
}

fn unprivileged() -> Result<(u32, u32)> {
    let found = USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
    let user = found
        .context("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it")?;
    Ok((user.uid.as_raw(), user.gid.as_raw()))
}

/// Whether `user` may pass through every folder above `folder`.
fn reachable(folder: &Path, user: (u32, u32)) -> Result<bool> {
    for above in folder.ancestors().skip(1) {
        let meta = above.metadata().with_context(|| format!("cannot look at {}", above.display()))?;
        if !passable(meta.mode(), (meta.uid(), meta.gid()), user) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the mode of a folder lets `user` pass through it.
fn passable(mode: u32, owner: (u32, u32), user: (u32, u32)) -> bool {
    let bit = if owner.0 == user.0 {
        0o100
    } else if owner.1 == user.1 {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

/// A folder of its own for each data folder, which the name does not betray.
fn elsewhere(data: &Path) -> PathBuf {
    let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
    let key: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    PathBuf::from(format!("/var/tmp/atelier-{key}"))
}

/// Makes `home` for `user`. In a folder that everybody writes to, a stranger's folder or link is refused.
fn lend(home: &Path, user: (u32, u32)) -> Result<()> {
    match fs::symlink_metadata(home) {
        Ok(meta) if meta.is_dir() && (meta.uid() == user.0 || meta.uid() == 0) => {}
        Ok(_) => bail!("{} is not a folder of ours: remove it and call again", home.display()),
        Err(_) => fs::DirBuilder::new()
            .mode(0o700)
            .create(home)
            .with_context(|| format!("cannot make the folder {}", home.display()))?,
    }
    chown(home, Some(user.0), Some(user.1)).with_context(|| format!("cannot give {} away", home.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_parent_keeps_the_user_out() {
        let (root, postgres) = ((0, 0), (101, 104));
        assert!(passable(0o755, root, postgres));
        assert!(passable(0o711, root, postgres));
        assert!(!passable(0o700, root, postgres));
        assert!(passable(0o700, postgres, postgres));
        assert!(passable(0o750, (0, 104), postgres));
        assert!(
            !passable(0o701, (0, 104), postgres),
            "the group's bits count for its members, not the others'"
        );
    }

    #[test]
    fn every_data_folder_has_a_place_of_its_own_elsewhere() {
        assert_eq!(elsewhere(Path::new("/root/a/.atelier")), elsewhere(Path::new("/root/a/.atelier")));
        assert_ne!(elsewhere(Path::new("/root/a/.atelier")), elsewhere(Path::new("/root/b/.atelier")));
    }
}
