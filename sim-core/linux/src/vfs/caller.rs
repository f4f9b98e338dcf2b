//! What a user may do to files: the calls that take a path.

use super::tree::{Body, Entries, Ino, Inode};
use super::walk::{Found, Node};
use super::{FileType, Stat, Vfs};
use crate::Errno;
use crate::procfs::ProcFs;
use sim::Instant;
use std::rc::Rc;

const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;
const STICKY: u32 = 0o1000;
const SET_GID: u32 = 0o2000;

/// Someone who names files: from where, and with which rights.
pub(crate) struct Caller<'a> {
    pub root: &'a Vfs,
    pub cwd: &'a str,
    pub uid: u32,
    pub gid: u32,
    pub umask: u32,
    /// What this one sees at `/proc`.
    pub proc: Option<ProcFs>,
}

impl<'a> Caller<'a> {
    /// Someone who may do everything.
    pub(crate) fn root(root: &'a Vfs) -> Caller<'a> {
        Caller { root, cwd: "/", uid: 0, gid: 0, umask: 0, proc: None }
    }

    /// The inode that a path names.
    pub(crate) fn find(&self, path: &str) -> Result<(Vfs, Ino), Errno> {
        match self.existing(path, true)? {
            Node::Tree(vfs, ino) => Ok((vfs, ino)),
            Node::Proc(_) => Err(Errno::EACCES),
        }
    }

    /// The directory that a path names, without what is mounted on it.
    pub(crate) fn find_below_mount(&self, path: &str) -> Result<(Vfs, Ino), Errno> {
        let found = self.walk(path, true)?;
        let (vfs, parent) = found.parent.ok_or(Errno::EBUSY)?;
        let ino = vfs.inner.tree.borrow().lookup(parent, &found.name).ok_or(Errno::ENOENT)?;
        Ok((vfs, ino))
    }

    pub(crate) fn existing(&self, path: &str, follow: bool) -> Result<Node, Errno> {
        self.walk(path, follow)?.node.ok_or(Errno::ENOENT)
    }

    pub(crate) fn stat(&self, path: &str) -> Result<Stat, Errno> {
        self.stat_node(&self.existing(path, true)?, true)
    }

    pub(crate) fn lstat(&self, path: &str) -> Result<Stat, Errno> {
        self.stat_node(&self.existing(path, false)?, false)
    }

    pub(crate) fn stat_node(&self, node: &Node, follow: bool) -> Result<Stat, Errno> {
        match node {
            Node::Tree(vfs, ino) => Ok(vfs.inner.tree.borrow().get(*ino).stat(*ino)),
            Node::Proc(node) => self.proc.as_ref().ok_or(Errno::ENOENT)?.stat(node, follow),
        }
    }

    pub(crate) fn read_dir(&self, path: &str) -> Result<Vec<String>, Errno> {
        let node = self.existing(path, true)?;
        if self.file_type(&node) != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        self.need(&node, READ)?;
        match node {
            Node::Tree(vfs, ino) => {
                let entries = vfs.inner.tree.borrow().entries(ino)?;
                Ok(entries.keys().map(|name| name.to_string()).collect())
            }
            Node::Proc(node) => Ok(self.proc.as_ref().map_or_else(Vec::new, |proc| proc.list(&node))),
        }
    }

    pub(crate) fn mkdir(&self, path: &str, mode: u32) -> Result<(), Errno> {
        let found = self.walk(path, false)?;
        self.make(&found, Body::Directory(Rc::new(Entries::new())), mode & 0o1777 & !self.umask).map(drop)
    }

    pub(crate) fn symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        let found = self.walk(path, false)?;
        if found.wants_directory {
            return Err(Errno::ENOENT);
        }
        self.make(&found, Body::Symlink(target.into()), 0o777).map(drop)
    }

    /// Makes an empty regular file where a walk found nothing.
    pub(crate) fn create(&self, found: &Found, mode: u32) -> Result<(Vfs, Ino), Errno> {
        if found.wants_directory {
            return Err(Errno::EISDIR);
        }
        self.make(found, Body::Regular(Rc::default()), mode & 0o7777 & !self.umask)
    }

    /// Puts something new where a walk ended, taking away the file that was there.
    pub(crate) fn replace(&self, found: Found, body: Body, mode: u32) -> Result<(), Errno> {
        if let Some(node) = &found.node {
            if self.file_type(node) == FileType::Directory {
                return Err(Errno::EISDIR);
            }
            let (vfs, parent) = found.parent.clone().ok_or(Errno::EACCES)?;
            let now = vfs.now();
            vfs.inner.tree.borrow_mut().unlink(parent, &found.name, now);
        }
        self.make(&Found { node: None, ..found }, body, mode).map(drop)
    }

    pub(crate) fn rmdir(&self, path: &str) -> Result<(), Errno> {
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        match last {
            "." => return Err(Errno::EINVAL),
            ".." => return Err(Errno::ENOTEMPTY),
            _ => {}
        }
        let found = self.walk(path, false)?;
        let node = found.node.as_ref().ok_or(Errno::ENOENT)?;
        let (vfs, parent) = self.parent_to_change(&found)?;
        if self.file_type(node) != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        let ino = &in_tree(&vfs, parent, &found)?;
        self.sticky(&vfs, parent, *ino)?;
        if !vfs.inner.tree.borrow().entries(*ino)?.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        let now = vfs.now();
        vfs.inner.tree.borrow_mut().unlink(parent, &found.name, now);
        Ok(())
    }

    pub(crate) fn unlink(&self, path: &str) -> Result<(), Errno> {
        let found = self.walk(path, false)?;
        let node = found.node.as_ref().ok_or(Errno::ENOENT)?;
        if self.file_type(node) == FileType::Directory {
            return Err(Errno::EISDIR);
        }
        let (vfs, parent) = self.parent_to_change(&found)?;
        let Node::Tree(_, ino) = node else { return Err(Errno::EPERM) };
        self.sticky(&vfs, parent, *ino)?;
        let now = vfs.now();
        vfs.inner.tree.borrow_mut().unlink(parent, &found.name, now);
        Ok(())
    }

    /// Models fs/namei.c vfs_rename.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        let source = self.walk(from, false)?;
        let target = self.walk(to, false)?;
        let node = source.node.as_ref().ok_or(Errno::ENOENT)?;
        let (vfs, parent) = self.parent_to_change(&source)?;
        let (target_vfs, target_parent) = self.parent_to_change(&target)?;
        if !vfs.is_same(&target_vfs) {
            return Err(Errno::EXDEV);
        }
        let ino = &in_tree(&vfs, parent, &source)?;
        self.sticky(&vfs, parent, *ino)?;
        let is_directory = self.file_type(node) == FileType::Directory;
        if !is_directory && target.wants_directory {
            return Err(Errno::ENOTDIR);
        }
        if is_directory && target.path.starts_with(&format!("{}/", source.path)) {
            return Err(Errno::EINVAL);
        }
        if let Some(node) = &target.node {
            let old = &in_tree(&vfs, target_parent, &target)?;
            if old == ino {
                return Ok(());
            }
            match (is_directory, self.file_type(node) == FileType::Directory) {
                (true, false) => return Err(Errno::ENOTDIR),
                (false, true) => return Err(Errno::EISDIR),
                (true, true) if !vfs.inner.tree.borrow().entries(*old)?.is_empty() => {
                    return Err(Errno::ENOTEMPTY);
                }
                _ => {}
            }
            self.sticky(&vfs, target_parent, *old)?;
        }
        let now = vfs.now();
        let mut tree = vfs.inner.tree.borrow_mut();
        tree.unlink(target_parent, &target.name, now);
        tree.rename((parent, &source.name), (target_parent, &target.name), now);
        Ok(())
    }

    pub(crate) fn readlink(&self, path: &str) -> Result<String, Errno> {
        match self.existing(path, false)? {
            Node::Tree(vfs, ino) => match vfs.inode(ino).body {
                Body::Symlink(target) => Ok(target.to_string()),
                _ => Err(Errno::EINVAL),
            },
            Node::Proc(node) => self.proc.as_ref().and_then(|proc| proc.link(&node)).ok_or(Errno::EINVAL),
        }
    }

    pub(crate) fn link(&self, from: &str, to: &str) -> Result<(), Errno> {
        let node = self.existing(from, false)?;
        let target = self.walk(to, false)?;
        if target.node.is_some() {
            return Err(Errno::EEXIST);
        }
        if target.wants_directory {
            return Err(Errno::ENOENT);
        }
        let (vfs, parent) = self.parent_to_change(&target)?;
        match node {
            Node::Tree(there, _) if !there.is_same(&vfs) => Err(Errno::EXDEV),
            Node::Proc(_) => Err(Errno::EXDEV),
            node if self.file_type(&node) == FileType::Directory => Err(Errno::EPERM),
            Node::Tree(_, ino) => {
                let now = vfs.now();
                vfs.inner.tree.borrow_mut().link(parent, &target.name, ino, now);
                Ok(())
            }
        }
    }

    pub(crate) fn chmod(&self, path: &str, mode: u32) -> Result<(), Errno> {
        self.change_as_owner(path, |inode| inode.mode = mode & 0o7777)
    }

    pub(crate) fn chown(&self, path: &str, uid: u32, gid: u32) -> Result<(), Errno> {
        let (vfs, ino) = self.find(path)?;
        let inode = vfs.inode(ino);
        let group_only = uid == inode.uid && uid == self.uid && (gid == inode.gid || gid == self.gid);
        if self.uid != 0 && !group_only {
            return Err(Errno::EPERM);
        }
        let mut tree = vfs.inner.tree.borrow_mut();
        let inode = tree.change(ino);
        (inode.uid, inode.gid) = (uid, gid);
        if !matches!(inode.body, Body::Directory(_)) {
            inode.mode &= 0o1777;
        }
        Ok(())
    }

    pub(crate) fn utime(&self, path: &str, mtime: Instant) -> Result<(), Errno> {
        self.change_as_owner(path, |inode| inode.mtime = mtime)
    }

    pub(crate) fn access(&self, path: &str, mode: u32) -> bool {
        self.existing(path, true).is_ok_and(|node| self.allows(&node, mode & 7))
    }

    pub(crate) fn need(&self, node: &Node, want: u32) -> Result<(), Errno> {
        if self.allows(node, want) { Ok(()) } else { Err(Errno::EACCES) }
    }

    fn change_as_owner(&self, path: &str, change: impl FnOnce(&mut Inode)) -> Result<(), Errno> {
        let (vfs, ino) = match self.existing(path, true)? {
            Node::Tree(vfs, ino) => (vfs, ino),
            Node::Proc(_) => return Err(Errno::EPERM),
        };
        let mut tree = vfs.inner.tree.borrow_mut();
        if self.uid != 0 && tree.get(ino).uid != self.uid {
            return Err(Errno::EPERM);
        }
        change(tree.change(ino));
        Ok(())
    }

    fn make(&self, found: &Found, body: Body, mode: u32) -> Result<(Vfs, Ino), Errno> {
        if found.node.is_some() {
            return Err(Errno::EEXIST);
        }
        let (vfs, parent) = self.parent_to_change(found)?;
        let mut gid = self.gid;
        let mut mode = mode;
        // A copy of the inode would share its entries, and make them be copied when one is added.
        let (directory_mode, directory_gid) = {
            let tree = vfs.inner.tree.borrow();
            (tree.get(parent).mode, tree.get(parent).gid)
        };
        if directory_mode & SET_GID != 0 {
            gid = directory_gid;
            if matches!(body, Body::Directory(_)) {
                mode |= SET_GID;
            }
        }
        let inode = Inode::new(body, mode, self.uid, gid, vfs.now());
        let ino = vfs.inner.tree.borrow_mut().create(parent, &found.name, inode);
        Ok((vfs, ino))
    }

    fn parent_to_change(&self, found: &Found) -> Result<(Vfs, Ino), Errno> {
        let Some((vfs, parent)) = found.parent.clone() else {
            // The root itself, or something of /proc.
            return Err(if found.name.is_empty() { Errno::EBUSY } else { Errno::EACCES });
        };
        self.need(&Node::Tree(vfs.clone(), parent), WRITE | SEARCH)?;
        if vfs.inner.tree.borrow().get(parent).nlink == 0 {
            return Err(Errno::ENOENT);
        }
        Ok((vfs, parent))
    }

    /// In a directory such as `/tmp`, only the owner takes a file away. Models fs/namei.c __check_sticky.
    fn sticky(&self, vfs: &Vfs, directory: Ino, ino: Ino) -> Result<(), Errno> {
        let tree = vfs.inner.tree.borrow();
        let directory = tree.get(directory);
        let free = self.uid == 0
            || directory.mode & STICKY == 0
            || directory.uid == self.uid
            || tree.get(ino).uid == self.uid;
        if free { Ok(()) } else { Err(Errno::EPERM) }
    }
}

/// The inode of what was found, if it lies in its directory itself and is not mounted there.
fn in_tree(vfs: &Vfs, parent: Ino, found: &Found) -> Result<Ino, Errno> {
    let Some(Node::Tree(there, ino)) = &found.node else { return Err(Errno::EBUSY) };
    let named = vfs.inner.tree.borrow().lookup(parent, &found.name);
    if there.is_same(vfs) && named == Some(*ino) { Ok(*ino) } else { Err(Errno::EBUSY) }
}
