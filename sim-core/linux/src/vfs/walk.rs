//! From a path to what it names.

use super::tree::{Body, Ino};
use super::{Caller, FileType, Vfs};
use crate::Errno;
use crate::procfs::ProcNode;
use std::rc::Rc;

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
        // What is still to be walked; what comes first is at the end.
        let mut todo = vec![Rest { text: Text::Given(path), at: 0 }];
        if !path.starts_with('/') {
            todo.push(Rest { text: Text::Given(self.cwd), at: 0 });
        }
        // Where it has come to, and the directories on the way with where their names end.
        let mut walked = String::with_capacity(path.len() + 32);
        let mut trail = Vec::with_capacity(12);
        trail.push((0, see_through(Node::Tree(self.root.clone(), self.root.root_ino()))));
        let mut links = 0;
        loop {
            let begin = walked.len();
            if !next_name(&mut todo, &mut walked) {
                break;
            }
            let name = &walked[begin + 1..];
            let (_, here) = trail.last().expect("the root stays on the trail");
            self.may_search(here)?;
            match name {
                "." => {
                    walked.truncate(begin);
                    continue;
                }
                ".." => {
                    if trail.len() > 1 {
                        trail.pop();
                    }
                    walked.truncate(trail.last().map_or(0, |(end, _)| *end));
                    continue;
                }
                _ if name.len() > NAME_MAX => return Err(Errno::ENAMETOOLONG),
                _ => {}
            }
            let last = todo.is_empty();
            let Some(child) = self.child(here, trail.len() == 1, name) else {
                if !last {
                    return Err(Errno::ENOENT);
                }
                let Node::Tree(vfs, ino) = here else { return Err(Errno::ENOENT) };
                let (parent, name) = (Some((vfs.clone(), *ino)), name.to_string());
                return Ok(Found { path: walked, parent, name, node: None, wants_directory });
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
                walked.truncate(trail.last().map_or(0, |(end, _)| *end));
                todo.push(Rest { text: Text::Link(target), at: 0 });
                continue;
            }
            trail.push((walked.len(), child));
        }
        let (_, node) = trail.pop().expect("the root stays on the trail");
        let name = walked[trail.last().map_or(0, |(end, _)| end + 1)..].to_string();
        let path = if trail.is_empty() { "/".to_string() } else { walked };
        let parent = match trail.last() {
            Some((_, Node::Tree(vfs, ino))) => Some((vfs.clone(), *ino)),
            _ => None,
        };
        if wants_directory && self.file_type(&node) != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        Ok(Found { path, parent, name, node: Some(node), wants_directory })
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
    fn link_target(&self, node: &Node) -> Option<Rc<str>> {
        match node {
            Node::Tree(vfs, ino) => match &vfs.inner.tree.borrow().get(*ino).body {
                Body::Symlink(target) => Some(target.clone()),
                _ => None,
            },
            Node::Proc(node) => Some(self.proc.as_ref()?.followed(node)?.into()),
        }
    }

    /// Fails for what is no directory, and for one that is closed.
    fn may_search(&self, node: &Node) -> Result<(), Errno> {
        let (file_type, allowed) = match node {
            Node::Tree(vfs, ino) => {
                let tree = vfs.inner.tree.borrow();
                let inode = tree.get(*ino);
                (inode.file_type(), inode.allows(self.uid, self.gid, 1))
            }
            Node::Proc(_) => (self.file_type(node), self.allows(node, 1)),
        };
        match (file_type, allowed) {
            (FileType::Directory, true) => Ok(()),
            (FileType::Directory, false) => Err(Errno::EACCES),
            _ => Err(Errno::ENOTDIR),
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

fn see_through(mut node: Node) -> Node {
    while let Node::Tree(vfs, ino) = &node
        && let Some(mounted) = vfs.mounted(*ino)
    {
        let root = mounted.root_ino();
        node = Node::Tree(mounted, root);
    }
    node
}

/// A path of which some has been walked.
struct Rest<'a> {
    text: Text<'a>,
    at: usize,
}

enum Text<'a> {
    Given(&'a str),
    Link(Rc<str>),
}

/// Writes the next name and a slash before it; false when there is none. What has no more names is taken away, so that
/// nothing is left behind the last name.
fn next_name(todo: &mut Vec<Rest<'_>>, walked: &mut String) -> bool {
    let mut found = false;
    while let Some(rest) = todo.last_mut() {
        let text = match &rest.text {
            Text::Given(text) => text,
            Text::Link(text) => &**text,
        };
        let slashes = text.as_bytes()[rest.at..].iter().take_while(|byte| **byte == b'/').count();
        let begin = rest.at + slashes;
        if begin == text.len() {
            todo.pop();
            continue;
        }
        if found {
            return true;
        }
        let length = text.as_bytes()[begin..].iter().take_while(|byte| **byte != b'/').count();
        // Mostly there is one before it.
        if begin > 0 {
            walked.push_str(&text[begin - 1..begin + length]);
        } else {
            walked.push('/');
            walked.push_str(&text[..length]);
        }
        rest.at = begin + length;
        found = true;
    }
    found
}
