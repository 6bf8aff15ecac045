//! Which folder holds the database's files, and which user owns them.
//!
//! PostgreSQL refuses to run as root. As root, xtask runs it as an unprivileged user, who must reach its folder. A tree
//! below `/root` is closed to that user, so the files are then in `/var/tmp`, in a folder that a file in the data
//! folder names.

use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::{User, geteuid};

/// The file that names the folder when it is outside the data folder.
const POINTER: &str = "postgres-is-at";
/// Users that exist for this, in order of preference.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A folder for one database cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterDirectory {
    /// Owned by `user`, closed to others.
    pub(crate) path: PathBuf,
    /// The user and group to change to, when xtask is root.
    pub(crate) user: Option<(u32, u32)>,
}

impl ClusterDirectory {
    /// The folder that belongs to the data folder `data`, made when it is missing.
    ///
    /// # Errors
    /// When there is no unprivileged user, or the folder cannot be made or has another owner.
    pub(crate) fn of(data: &Path) -> Result<Self> {
        if !geteuid().is_root() {
            let path = data.join("postgres");
            crate::paths::private_folder(&path)?;
            return Ok(Self { path, user: None });
        }
        let user = unprivileged()?;
        let path = match fs::read_to_string(data.join(POINTER)) {
            Ok(outside) => PathBuf::from(outside.trim()),
            Err(_) if reachable(data, user)? => {
                // The secrets beside it are closed by their own folder.
                fs::set_permissions(data, Permissions::from_mode(data.metadata()?.mode() | 0o001))?;
                data.join("postgres")
            }
            Err(_) => {
                let path = outside(data);
                fs::write(data.join(POINTER), format!("{}\n", path.display()))?;
                path
            }
        };
        create_for(&path, user)?;
        Ok(Self { path, user: Some(user) })
    }

    /// Where downloaded server programs are kept, for every tree and every run. The user above must reach it.
    ///
    /// # Errors
    /// When a user has no home.
    pub(crate) fn downloads(&self) -> Result<PathBuf> {
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

/// A folder per data folder, whose name does not show the data folder's path.
fn outside(data: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    PathBuf::from(format!("/var/tmp/atelier-{:016x}", hasher.finish()))
}

/// Makes the folder for `user`. Everybody may write to `/var/tmp`, so a folder or link of another user is refused.
fn create_for(path: &Path, user: (u32, u32)) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() && (meta.uid() == user.0 || meta.uid() == 0) => {}
        Ok(_) => bail!("{} is not a folder of ours: remove it and call again", path.display()),
        Err(_) => fs::DirBuilder::new()
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot make the folder {}", path.display()))?,
    }
    chown(path, Some(user.0), Some(user.1)).with_context(|| format!("cannot give {} away", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_passable_for_a_user_by_the_bits_of_owner_group_or_others() {
        let (root, postgres) = ((0, 0), (101, 104));
        assert!(passable(0o755, root, postgres));
        assert!(passable(0o711, root, postgres));
        assert!(!passable(0o700, root, postgres));
        assert!(passable(0o700, postgres, postgres));
        assert!(passable(0o750, (0, 104), postgres));
        assert!(
            !passable(0o701, (0, 104), postgres),
            "the bits of the group count for its members, not the others'"
        );
    }

    #[test]
    fn every_data_folder_has_its_own_folder_outside() {
        assert_eq!(outside(Path::new("/root/a/.atelier")), outside(Path::new("/root/a/.atelier")));
        assert_ne!(outside(Path::new("/root/a/.atelier")), outside(Path::new("/root/b/.atelier")));
    }
}
