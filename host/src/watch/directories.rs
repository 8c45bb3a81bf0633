//! Finds the directories to watch for changes of a file.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// Maximum number of links in a path, as on Linux.
const MAX_LINKS: usize = 40;

/// All directories where replacing an entry can change what `path` refers to: those of
/// the file and of every link on the way. In a mounted ConfigMap, `key → ..data/key`
/// and `..data → ..2024`. The mount point contains both links, `..2024` the file.
pub(super) fn of(path: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let Ok(absolute) = std::path::absolute(path) else {
        return found;
    };
    let mut ahead = VecDeque::new();
    prepend(&mut ahead, &absolute);
    let mut here = PathBuf::new();
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            here.pop();
            continue;
        }
        let entry = here.join(&name);
        match entry.read_link() {
            Ok(target) if links < MAX_LINKS => {
                links += 1;
                // If the target is absolute, `join` restarts at the root.
                prepend(&mut ahead, &target);
                found.insert(here.clone());
            }
            _ if ahead.is_empty() => drop(found.insert(here.clone())),
            _ => here = entry,
        }
    }
    found
}

fn prepend(ahead: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        if component != Component::CurDir {
            ahead.push_front(component.as_os_str().to_owned());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_directory_that_holds_a_link_is_found() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("mount/..2024")).unwrap();
        fs::write(root.join("mount/..2024/key"), "").unwrap();
        symlink("..2024", root.join("mount/..data")).unwrap();
        symlink("..data/key", root.join("mount/key")).unwrap();
        symlink(root.join("mount"), root.join("etc")).unwrap();

        let expected = [root.clone(), root.join("mount"), root.join("mount/..2024")];
        assert_eq!(of(&root.join("etc/../etc/key")), expected.into());
    }

    #[test]
    fn a_link_to_itself_ends() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(of(&root.join("loop")), [root].into());
    }
}
