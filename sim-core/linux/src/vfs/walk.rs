//! From a path to what it names.

use super::tree::{Body, Ino};
use super::{Caller, FileType, Vfs};
use crate::Errno;
use crate::procfs::ProcNode;
use std::borrow::Cow;

/// Symbolic links in one path before `ELOOP`, and the longest name, as in Linux.
const LINKS_MAX: u32 = 40;
const NAME_MAX: usize = 255;
const PATH_MAX: usize = 4096;

/// What a path names: an inode of a tree, or something of `/proc`.
#[derive(Clone)]
pub(crate) enum Node {
    Tree(Vfs, Ino),
    Proc(ProcNode),
}

/// Where a walk ended.
pub(crate) struct Found {
    /// The path without links, `.` and `..`.
    pub path: String,
    /// The directory; nothing for a root and for `/proc`.
    pub parent: Option<(Vfs, Ino)>,
    /// The last component; empty for the root.
    pub name: String,
    /// What is there, if anything.
    pub node: Option<Node>,
    /// The path was written with a slash at its end.
    pub wants_directory: bool,
}

impl Caller<'_> {
    /// Walks along a path. Fails when something on the way is missing, but not when the last name is.
    /// Models fs/namei.c path_lookupat.
    pub(crate) fn walk(&self, path: &str, follow: bool) -> Result<Found, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let wants_directory = path.ends_with('/');
        // Names are cut out of the path, the next one last; only those of links are copied.
        let mut todo: Vec<Cow<'_, str>> = names(path).map(Cow::Borrowed).collect();
        if !path.starts_with('/') {
            todo.extend(names(self.cwd).map(Cow::Borrowed));
        }
        let root = see_through(Node::Tree(self.root.clone(), self.root.root_ino()));
        let mut trail: Vec<(Cow<'_, str>, Node)> = Vec::with_capacity(todo.len() + 1);
        trail.push((Cow::Borrowed(""), root));
        let mut links = 0;
        while let Some(name) = todo.pop() {
            let here = trail.last().map(|(_, node)| node.clone()).expect("the root stays on the trail");
            if self.file_type(&here) != FileType::Directory {
                return Err(Errno::ENOTDIR);
            }
            if !self.allows(&here, 1) {
                return Err(Errno::EACCES);
            }
            match &*name {
                "." => continue,
                ".." => {
                    if trail.len() > 1 {
                        trail.pop();
                    }
                    continue;
                }
                _ if name.len() > NAME_MAX => return Err(Errno::ENAMETOOLONG),
                _ => {}
            }
            let last = todo.is_empty();
            let Some(child) = self.child(&here, trail.len() == 1, &name) else {
                if !last {
                    return Err(Errno::ENOENT);
                }
                let Node::Tree(vfs, ino) = here else { return Err(Errno::ENOENT) };
                let path = join(&trail, &name);
                let name = name.into_owned();
                return Ok(Found { path, parent: Some((vfs, ino)), name, node: None, wants_directory });
            };
            if (!last || follow || wants_directory)
                && let Some(target) = self.link_target(&child)
            {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                if target.starts_with('/') {
                    trail.truncate(1);
                }
                todo.extend(names(&target).map(|name| Cow::Owned(name.to_string())));
                continue;
            }
            trail.push((name, child));
        }
        let (name, node) = trail.pop().expect("the root stays on the trail");
        let path = if trail.is_empty() { "/".to_string() } else { join(&trail, &name) };
        let parent = match trail.last() {
            Some((_, Node::Tree(vfs, ino))) => Some((vfs.clone(), *ino)),
            _ => None,
        };
        if wants_directory && self.file_type(&node) != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        Ok(Found { path, parent, name: name.into_owned(), node: Some(node), wants_directory })
    }

    /// What is called `name` in a directory, seen through mounts.
    pub(crate) fn child(&self, directory: &Node, at_root: bool, name: &str) -> Option<Node> {
        match directory {
            Node::Proc(node) => self.proc.as_ref()?.child(node, name).map(Node::Proc),
            Node::Tree(..) if at_root && name == "proc" && self.proc.is_some() => {
                Some(Node::Proc(ProcNode::Root))
            }
            Node::Tree(vfs, ino) => {
                let child = vfs.inner.tree.borrow().lookup(*ino, name)?;
                Some(see_through(Node::Tree(vfs.clone(), child)))
            }
        }
    }

    /// Where it points, if it is a symbolic link that is followed by name.
    fn link_target(&self, node: &Node) -> Option<String> {
        match node {
            Node::Tree(vfs, ino) => match &vfs.inner.tree.borrow().get(*ino).body {
                Body::Symlink(target) => Some(target.to_string()),
                _ => None,
            },
            Node::Proc(node) => self.proc.as_ref()?.followed(node),
        }
    }

    pub(crate) fn file_type(&self, node: &Node) -> FileType {
        match node {
            Node::Tree(vfs, ino) => vfs.inner.tree.borrow().get(*ino).file_type(),
            Node::Proc(node) => node.file_type(),
        }
    }

    pub(crate) fn allows(&self, node: &Node, want: u32) -> bool {
        match node {
            Node::Tree(vfs, ino) => vfs.inner.tree.borrow().get(*ino).allows(self.uid, self.gid, want),
            Node::Proc(node) => self.proc.as_ref().is_some_and(|proc| proc.allows(node, want)),
        }
    }
}

/// The names in a path, the last one first.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit('/').filter(|name| !name.is_empty())
}

fn see_through(mut node: Node) -> Node {
    while let Node::Tree(vfs, ino) = &node
        && let Some(mounted) = vfs.mounted(*ino)
    {
        let root = mounted.root_ino();
        node = Node::Tree(mounted, root);
    }
    node
}

fn join(trail: &[(Cow<'_, str>, Node)], name: &str) -> String {
    let length: usize = trail[1..].iter().map(|(name, _)| name.len() + 1).sum();
    let mut path = String::with_capacity(length + 1 + name.len());
    for (name, _) in &trail[1..] {
        path.push('/');
        path.push_str(name);
    }
    path.push('/');
    path.push_str(name);
    path
}
