//! Inodes in layers: what a file system tree is made of.
//!
//! A tree is a table of inodes. Its upper part is its own; below lie layers that it shares with the trees
//! it was forked from. An inode is copied up when it changes, its contents when they are written to, as in
//! overlayfs. So a thousand containers of one image cost what they change.

use super::{FileType, Stat, Vfs};
use crate::{Errno, Program};
use sim::{Instant, SortedMap};
use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The number of an inode.
pub(crate) type Ino = u64;
/// The root directory of every tree.
pub(crate) const ROOT: Ino = 2;

/// Bytes that the files of one tree may hold together: a loop that fills the disk meets its end.
const DISK_SIZE: u64 = 64 << 20;
/// More layers than this are merged into one, so that looking something up stays cheap.
const DEPTH_MAX: u32 = 6;

pub(crate) type Entries = SortedMap<Rc<str>, Ino>;

#[derive(Clone)]
pub(crate) struct Inode {
    pub body: Body,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    pub mtime: Instant,
}

#[derive(Clone)]
pub(crate) enum Body {
    Directory(Rc<Entries>),
    Regular(Rc<Vec<u8>>),
    Symlink(Rc<str>),
    Device(u32, u32),
    Program(Program),
    Lazy(Rc<Lazy>),
}

/// Contents that are made when they are looked at for the first time.
pub(crate) type Lazy = LazyCell<Vec<u8>, Box<dyn FnOnce() -> Vec<u8>>>;

/// What is shared after a fork and never changes again.
struct Layer {
    below: Option<Rc<Layer>>,
    inodes: BTreeMap<Ino, Inode>,
    depth: u32,
}

pub(crate) struct Tree {
    below: Option<Rc<Layer>>,
    upper: BTreeMap<Ino, Inode>,
    next_ino: Ino,
    /// How many descriptions hold an inode open: it lives on when its last name is gone.
    opens: SortedMap<Ino, u32>,
    /// Other trees that are seen in place of a directory.
    pub mounts: SortedMap<Ino, Vfs>,
    used: u64,
}

impl Inode {
    pub(crate) fn new(body: Body, mode: u32, uid: u32, gid: u32, mtime: Instant) -> Inode {
        Inode { body, mode, uid, gid, nlink: 1, mtime }
    }

    pub(crate) fn file_type(&self) -> FileType {
        match self.body {
            Body::Directory(_) => FileType::Directory,
            Body::Regular(_) | Body::Program(_) | Body::Lazy(_) => FileType::Regular,
            Body::Symlink(_) => FileType::Symlink,
            Body::Device(..) => FileType::CharDevice,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        match &self.body {
            Body::Directory(_) => 4096,
            Body::Regular(data) => data.len() as u64,
            Body::Symlink(target) => target.len() as u64,
            Body::Program(program) => elf_size(program),
            Body::Lazy(contents) => contents.len() as u64,
            Body::Device(..) => 0,
        }
    }

    /// Models fs/namei.c acl_permission_check and generic_permission, without groups beside the first.
    pub(crate) fn allows(&self, uid: u32, gid: u32, want: u32) -> bool {
        if uid == 0 {
            return want & 1 == 0 || self.mode & 0o111 != 0 || matches!(self.body, Body::Directory(_));
        }
        let shift = if uid == self.uid {
            6
        } else if gid == self.gid {
            3
        } else {
            0
        };
        (self.mode >> shift) & want == want
    }

    pub(crate) fn stat(&self, ino: Ino) -> Stat {
        let rdev = if let Body::Device(major, minor) = self.body { (major, minor) } else { (0, 0) };
        Stat {
            file_type: self.file_type(),
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            size: self.size(),
            nlink: self.nlink,
            ino,
            mtime: self.mtime,
            rdev,
        }
    }

    /// Before it is written to, a file has its contents as bytes.
    fn make_regular(&mut self) {
        let contents = match &self.body {
            Body::Program(program) => elf_bytes(program),
            Body::Lazy(contents) => contents.to_vec(),
            _ => return,
        };
        self.body = Body::Regular(Rc::new(contents));
    }

    fn bytes(&self) -> u64 {
        if let Body::Regular(data) = &self.body { data.len() as u64 } else { 0 }
    }
}

impl Tree {
    pub(crate) fn new() -> Tree {
        let mut root = Inode::new(Body::Directory(Rc::default()), 0o755, 0, 0, Instant::ZERO);
        root.nlink = 2;
        Tree {
            below: None,
            upper: BTreeMap::from([(ROOT, root)]),
            next_ino: ROOT + 1,
            opens: SortedMap::new(),
            mounts: SortedMap::new(),
            used: 0,
        }
    }

    pub(crate) fn fork(&mut self) -> Tree {
        if !self.upper.is_empty() {
            let mut inodes = std::mem::take(&mut self.upper);
            let mut below = self.below.take();
            let mut depth = below.as_ref().map_or(0, |layer| layer.depth) + 1;
            if depth > DEPTH_MAX {
                while let Some(layer) = below {
                    for (ino, inode) in &layer.inodes {
                        inodes.entry(*ino).or_insert_with(|| inode.clone());
                    }
                    below = layer.below.clone();
                }
                below = None;
                depth = 1;
            }
            self.below = Some(Rc::new(Layer { below, inodes, depth }));
        }
        Tree {
            below: self.below.clone(),
            upper: BTreeMap::new(),
            next_ino: self.next_ino,
            opens: SortedMap::new(),
            mounts: SortedMap::new(),
            used: self.used,
        }
    }

    pub(crate) fn get(&self, ino: Ino) -> &Inode {
        let found = self.upper.get(&ino).or_else(|| {
            let mut layer = self.below.as_deref();
            while let Some(this) = layer {
                if let Some(inode) = this.inodes.get(&ino) {
                    return Some(inode);
                }
                layer = this.below.as_deref();
            }
            None
        });
        found.expect("an inode that is named or open exists")
    }

    /// The inode, to be changed: copied up first where it is shared.
    pub(crate) fn change(&mut self, ino: Ino) -> &mut Inode {
        if !self.upper.contains_key(&ino) {
            let copy = self.get(ino).clone();
            self.upper.insert(ino, copy);
        }
        self.upper.get_mut(&ino).expect("it was copied up")
    }

    pub(crate) fn entries(&self, directory: Ino) -> Result<Rc<Entries>, Errno> {
        match &self.get(directory).body {
            Body::Directory(entries) => Ok(entries.clone()),
            _ => Err(Errno::ENOTDIR),
        }
    }

    pub(crate) fn lookup(&self, directory: Ino, name: &str) -> Option<Ino> {
        match &self.get(directory).body {
            Body::Directory(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    /// Makes a new inode under a name that is free.
    pub(crate) fn create(&mut self, directory: Ino, name: &str, mut inode: Inode) -> Ino {
        let ino = self.next_ino;
        self.next_ino += 1;
        let now = inode.mtime;
        self.used += inode.bytes();
        let is_directory = inode.file_type() == FileType::Directory;
        inode.nlink = 1 + u32::from(is_directory);
        self.upper.insert(ino, inode);
        self.set_entry(directory, name, Some(ino), now);
        if is_directory {
            self.change(directory).nlink += 1;
        }
        ino
    }

    /// One more name for an inode.
    pub(crate) fn link(&mut self, directory: Ino, name: &str, ino: Ino, now: Instant) {
        self.change(ino).nlink += 1;
        self.set_entry(directory, name, Some(ino), now);
    }

    /// Takes a name away; the inode goes with its last name, unless something holds it open.
    pub(crate) fn unlink(&mut self, directory: Ino, name: &str, now: Instant) {
        let Some(ino) = self.lookup(directory, name) else { return };
        self.set_entry(directory, name, None, now);
        let is_directory = self.get(ino).file_type() == FileType::Directory;
        if is_directory {
            self.change(directory).nlink -= 1;
        }
        let inode = self.change(ino);
        inode.nlink = if is_directory { 0 } else { inode.nlink.saturating_sub(1) };
        self.release(ino);
    }

    /// Moves a name; what was at the new place has been taken away.
    pub(crate) fn rename(&mut self, from: (Ino, &str), to: (Ino, &str), now: Instant) {
        let Some(ino) = self.lookup(from.0, from.1) else { return };
        self.set_entry(from.0, from.1, None, now);
        self.set_entry(to.0, to.1, Some(ino), now);
        if from.0 != to.0 && self.get(ino).file_type() == FileType::Directory {
            self.change(from.0).nlink -= 1;
            self.change(to.0).nlink += 1;
        }
    }

    fn set_entry(&mut self, directory: Ino, name: &str, ino: Option<Ino>, now: Instant) {
        let inode = self.change(directory);
        inode.mtime = now;
        if let Body::Directory(entries) = &mut inode.body {
            let entries = Rc::make_mut(entries);
            match ino {
                Some(ino) => {
                    entries.insert(name.into(), ino);
                }
                None => {
                    entries.remove(name);
                }
            }
        }
    }

    pub(crate) fn hold(&mut self, ino: Ino) {
        *self.opens.entry(ino).or_default() += 1;
    }

    pub(crate) fn unhold(&mut self, ino: Ino) {
        if let Some(count) = self.opens.get_mut(&ino) {
            *count -= 1;
            if *count == 0 {
                self.opens.remove(&ino);
                self.release(ino);
            }
        }
    }

    fn release(&mut self, ino: Ino) {
        if self.get(ino).nlink == 0 && !self.opens.contains_key(&ino) {
            self.used = self.used.saturating_sub(self.get(ino).bytes());
            self.upper.remove(&ino);
        }
    }

    pub(crate) fn read(&self, ino: Ino, offset: u64, max: usize) -> Result<Vec<u8>, Errno> {
        let slice = |data: &[u8]| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
            data[from..data.len().min(from.saturating_add(max))].to_vec()
        };
        match &self.get(ino).body {
            Body::Regular(data) => Ok(slice(data)),
            Body::Program(program) => Ok(slice(&elf_bytes(program))),
            Body::Lazy(contents) => Ok(slice(contents)),
            Body::Directory(_) => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Writes at `offset`, or at the end; says where the end of what was written is.
    pub(crate) fn write(
        &mut self,
        ino: Ino,
        offset: Option<u64>,
        data: &[u8],
        now: Instant,
    ) -> Result<u64, Errno> {
        let size = self.get(ino).size();
        let from = offset.unwrap_or(size);
        let end = from + data.len() as u64;
        let grows = end.saturating_sub(size);
        if self.used + grows > DISK_SIZE {
            return Err(Errno::ENOSPC);
        }
        let inode = self.change(ino);
        inode.make_regular();
        let Body::Regular(contents) = &mut inode.body else { return Err(Errno::EINVAL) };
        inode.mtime = now;
        let contents = Rc::make_mut(contents);
        let (from, end) = (from as usize, end as usize);
        if contents.len() < end {
            contents.resize(end, 0);
        }
        contents[from..end].copy_from_slice(data);
        self.used += grows;
        Ok(end as u64)
    }

    pub(crate) fn truncate(&mut self, ino: Ino, size: u64, now: Instant) -> Result<(), Errno> {
        let before = self.get(ino).bytes();
        if self.used.saturating_sub(before) + size > DISK_SIZE {
            return Err(Errno::ENOSPC);
        }
        let inode = self.change(ino);
        inode.make_regular();
        let Body::Regular(contents) = &mut inode.body else { return Err(Errno::EINVAL) };
        Rc::make_mut(contents).resize(size as usize, 0);
        inode.mtime = now;
        self.used = self.used.saturating_sub(before) + size;
        Ok(())
    }

    /// Bytes in use and bytes there are.
    pub(crate) fn usage(&self) -> (u64, u64) {
        (self.used, DISK_SIZE)
    }
}

/// Where the bytes of an executable say which program they are, so that a copy of it runs as well.
const NAME_AT: usize = 64;

fn elf_size(program: &Program) -> u64 {
    let spread =
        program.name.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % 97;
    (26_000 + spread * 1_496) & !7
}

/// What `cat` shows of an executable: a head that says ELF, x86-64, and a body of zeros.
fn elf_bytes(program: &Program) -> Vec<u8> {
    let mut bytes = vec![0; elf_size(program) as usize];
    bytes[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
    let name = program.name.as_bytes();
    bytes[NAME_AT..NAME_AT + name.len()].copy_from_slice(name);
    bytes
}

/// The name of the program whose bytes these are.
pub(crate) fn program_name(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(b"\x7fELF").and_then(|_| bytes.get(NAME_AT..))?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    std::str::from_utf8(&rest[..end]).ok().filter(|name| !name.is_empty())
}
