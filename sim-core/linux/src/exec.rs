//! From a path to a running program: executables, scripts, `PATH`. Models fs/exec.c and fs/binfmt_script.c.

use crate::vfs::{Body, Caller, FileType, Ino, Node, Vfs, program_name};
use crate::{Args, Errno, Program};
use std::rc::Rc;
use std::time::Duration;

/// `PATH` where none is set.
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What it costs to load a program and link its libraries.
pub(crate) const COST: Duration = Duration::from_micros(450);

/// Scripts whose interpreter is a script whose interpreter ...
const DEPTH_MAX: u32 = 4;
const LINE_MAX: usize = 255;
const SET_UID: u32 = 0o4000;
const SET_GID: u32 = 0o2000;

/// A program that is ready to run.
pub(crate) struct Image {
    pub program: Program,
    /// The program's own path: the interpreter's for a script.
    pub path: String,
    pub args: Args,
    /// The user and group that the file makes the process run as.
    pub set_uid: Option<u32>,
    pub set_gid: Option<u32>,
    /// What `comm` is: the script's name for a script.
    pub comm: Rc<str>,
}

/// The last part of a path, as long as the kernel keeps it.
pub(crate) fn comm(path: &str) -> Rc<str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let end = (0..=name.len().min(15)).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    name[..end].into()
}

/// Finds what `execve` would run.
///
/// # Errors
/// `ENOENT`, `EACCES`, `ENOEXEC`, `ELOOP`.
pub(crate) fn load(caller: &Caller<'_>, path: &str, args: Args) -> Result<Image, Errno> {
    let comm = comm(path);
    let mut path = path.to_string();
    let mut args = args;
    for _ in 0..DEPTH_MAX {
        let (vfs, ino) = executable(caller, &path)?;
        let inode = vfs.inode(ino);
        let program = match &inode.body {
            Body::Program(program) => Some(program.clone()),
            Body::Regular(bytes) => program_name(bytes).and_then(|name| vfs.program(name)),
            _ => None,
        };
        if let Some(program) = program {
            let set_uid = (inode.mode & SET_UID != 0).then_some(inode.uid);
            let set_gid = (inode.mode & SET_GID != 0).then_some(inode.gid);
            let path = caller.walk(&path, true)?.path;
            return Ok(Image { program, path, args, set_uid, set_gid, comm });
        }
        let Body::Regular(bytes) = &inode.body else { return Err(Errno::ENOEXEC) };
        let (interpreter, argument) = interpreter(bytes).ok_or(Errno::ENOEXEC)?;
        let mut script_args = vec![interpreter.clone()];
        script_args.extend(argument);
        script_args.push(path);
        script_args.extend(args.into_iter().skip(1));
        args = script_args;
        path = interpreter;
    }
    Err(Errno::ELOOP)
}

/// Finds a program as `execvp` does: along `PATH`, unless the name has a slash.
///
/// # Errors
/// `ENOENT`, or `EACCES` when what was found cannot be executed.
pub(crate) fn find_along_path(caller: &Caller<'_>, search: &str, name: &str) -> Result<String, Errno> {
    if name.contains('/') {
        return Ok(name.to_string());
    }
    if name.is_empty() {
        return Err(Errno::ENOENT);
    }
    let mut error = Errno::ENOENT;
    for directory in search.split(':') {
        let path = if directory.is_empty() { name.to_string() } else { format!("{directory}/{name}") };
        match executable(caller, &path) {
            Ok(_) => return Ok(path),
            Err(Errno::EACCES) => error = Errno::EACCES,
            Err(_) => {}
        }
    }
    Err(error)
}

fn executable(caller: &Caller<'_>, path: &str) -> Result<(Vfs, Ino), Errno> {
    let node = caller.existing(path, true)?;
    if caller.file_type(&node) != FileType::Regular {
        return Err(Errno::EACCES);
    }
    caller.need(&node, 1)?;
    match node {
        Node::Tree(vfs, ino) => Ok((vfs, ino)),
        Node::Proc(_) => Err(Errno::EACCES),
    }
}

/// The interpreter and its one argument.
fn interpreter(bytes: &[u8]) -> Option<(String, Option<String>)> {
    let rest = bytes.strip_prefix(b"#!")?;
    let line = &rest[..rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()).min(LINE_MAX)];
    let line = String::from_utf8_lossy(line);
    let line = line.trim_matches([' ', '\t']);
    let (program, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let argument = argument.trim_start_matches([' ', '\t']);
    if program.is_empty() {
        return None;
    }
    Some((program.to_string(), (!argument.is_empty()).then(|| argument.to_string())))
}
