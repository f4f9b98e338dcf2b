//! The system call interface: everything that a program can do to the world.

use crate::fd::{OpenFlags, PollFd};
use crate::process::ProcessInfo;
use crate::signal::Disposition;
use crate::vfs::Stat;
use crate::{
    Args, Errno, ExitCode, Fd, File, Host, Pid, ProgramFuture, Signal, Termios, WaitFor, WaitStatus, WinSize,
};
use sim::{Instant, Timestamp};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The process that a program runs in. Clones name the same process. Paths are relative to its working
/// directory. Calls that block end with `EINTR` when a caught signal arrives; one whose default action ends
/// the process drops the program at its next `.await`.
#[derive(Clone)]
pub struct Sys {}

#[allow(unused_variables, reason = "under construction")]
impl Sys {
    // Time.

    /// The moment it is.
    pub fn now(&self) -> Instant {
        todo!()
    }
    /// The wall clock.
    pub fn clock(&self) -> Timestamp {
        self.now().timestamp()
    }
    /// When the machine was booted.
    pub fn boot_time(&self) -> Instant {
        todo!()
    }
    /// Sleeps; `EINTR` when a caught signal comes first.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Errno> {
        todo!()
    }
    /// Uses the processor for `duration` of virtual time: every program does, if only a few microseconds, so
    /// that no loop is free.
    pub async fn cpu(&self, duration: Duration) {
        todo!()
    }
    /// Runs `future` for `duration` at most; nothing when that was not enough.
    pub async fn timeout<T>(&self, duration: Duration, future: impl Future<Output = T>) -> Option<T> {
        todo!()
    }
    /// Random numbers for this process.
    pub fn random(&self) -> u64 {
        todo!()
    }

    // Who and where.

    /// The machine. What is done through it needs no permission: for the services of the machine itself.
    pub fn host(&self) -> Host {
        todo!()
    }
    /// Own process id.
    pub fn pid(&self) -> Pid {
        todo!()
    }
    /// Parent's process id.
    pub fn ppid(&self) -> Pid {
        todo!()
    }
    /// User id.
    pub fn uid(&self) -> u32 {
        todo!()
    }
    /// Group id.
    pub fn gid(&self) -> u32 {
        todo!()
    }
    /// Host name.
    pub fn hostname(&self) -> String {
        todo!()
    }
    /// Value of an environment variable.
    pub fn env(&self, name: &str) -> Option<String> {
        todo!()
    }
    /// The environment, in order.
    pub fn environ(&self) -> Vec<(String, String)> {
        todo!()
    }
    /// All processes of the own pid namespace, by pid.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        todo!()
    }

    // Files.

    /// Opens a file.
    pub fn open(&self, path: &str, flags: OpenFlags, mode: u32) -> Result<Fd, Errno> {
        todo!()
    }
    /// Closes a descriptor.
    pub fn close(&self, fd: Fd) -> Result<(), Errno> {
        todo!()
    }
    /// Makes `new` name what `old` names.
    pub fn dup2(&self, old: Fd, new: Fd) -> Result<(), Errno> {
        todo!()
    }
    /// A new descriptor, at least `min`, for what `old` names (`F_DUPFD`).
    pub fn dup(&self, old: Fd, min: Fd) -> Result<Fd, Errno> {
        todo!()
    }
    /// The open file behind a descriptor.
    pub fn file(&self, fd: Fd) -> Result<File, Errno> {
        todo!()
    }
    /// A new descriptor for an open file.
    pub fn install(&self, file: File) -> Result<Fd, Errno> {
        todo!()
    }
    /// Closes a descriptor when the process executes another program.
    pub fn set_cloexec(&self, fd: Fd, on: bool) -> Result<(), Errno> {
        todo!()
    }
    /// A pipe: descriptors to read from and to write to.
    pub fn pipe(&self) -> Result<(Fd, Fd), Errno> {
        todo!()
    }
    /// Reads up to `max` bytes, waiting for the first; empty at the end.
    pub async fn read(&self, fd: Fd, max: usize) -> Result<Vec<u8>, Errno> {
        todo!()
    }
    /// Writes some of `data`, waiting until there is room; says how much. `EPIPE` raises SIGPIPE first.
    pub async fn write(&self, fd: Fd, data: &[u8]) -> Result<usize, Errno> {
        todo!()
    }
    /// Writes all of `data`.
    pub async fn write_all(&self, fd: Fd, data: &[u8]) -> Result<(), Errno> {
        todo!()
    }
    /// Reads until the end.
    pub async fn read_to_end(&self, fd: Fd) -> Result<Vec<u8>, Errno> {
        todo!()
    }
    /// Waits until one of the descriptors is ready or the time is over; says which are (readable, writable),
    /// in the order asked for. No timeout waits for ever.
    pub async fn poll(&self, fds: &[PollFd], timeout: Option<Duration>) -> Result<Vec<(bool, bool)>, Errno> {
        todo!()
    }
    /// Writes a text to standard output; errors are the program's to ignore.
    pub async fn out(&self, text: &str) {
        let _ = self.write_all(1, text.as_bytes()).await;
    }
    /// Writes a text to standard error.
    pub async fn err(&self, text: &str) {
        let _ = self.write_all(2, text.as_bytes()).await;
    }
    /// Reads a whole file.
    pub async fn read_file(&self, path: &str) -> Result<Vec<u8>, Errno> {
        todo!()
    }
    /// Writes a whole file, making or replacing it.
    pub async fn write_file(&self, path: &str, data: &[u8]) -> Result<(), Errno> {
        todo!()
    }
    /// Facts about what a path names, following links.
    pub fn stat(&self, path: &str) -> Result<Stat, Errno> {
        todo!()
    }
    /// Facts about a path, not following a link at its end.
    pub fn lstat(&self, path: &str) -> Result<Stat, Errno> {
        todo!()
    }
    /// Facts about an open file.
    pub fn fstat(&self, fd: Fd) -> Result<Stat, Errno> {
        todo!()
    }
    /// Names in a directory, sorted, without `.` and `..`.
    pub fn read_dir(&self, path: &str) -> Result<Vec<String>, Errno> {
        todo!()
    }
    /// Makes a directory.
    pub fn mkdir(&self, path: &str, mode: u32) -> Result<(), Errno> {
        todo!()
    }
    /// Removes an empty directory.
    pub fn rmdir(&self, path: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Removes a file.
    pub fn unlink(&self, path: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Renames or moves.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Makes a symbolic link.
    pub fn symlink(&self, target: &str, path: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Where a symbolic link points.
    pub fn readlink(&self, path: &str) -> Result<String, Errno> {
        todo!()
    }
    /// Makes a hard link.
    pub fn link(&self, from: &str, to: &str) -> Result<(), Errno> {
        todo!()
    }
    /// Changes permission bits.
    pub fn chmod(&self, path: &str, mode: u32) -> Result<(), Errno> {
        todo!()
    }
    /// Changes the owner.
    pub fn chown(&self, path: &str, uid: u32, gid: u32) -> Result<(), Errno> {
        todo!()
    }
    /// Sets the time of the last change.
    pub fn utime(&self, path: &str, mtime: Instant) -> Result<(), Errno> {
        todo!()
    }
    /// True when the process may do this to the path (`R_OK` 4, `W_OK` 2, `X_OK` 1).
    pub fn access(&self, path: &str, mode: u32) -> bool {
        todo!()
    }
    /// Working directory.
    pub fn getcwd(&self) -> String {
        todo!()
    }
    /// Changes the working directory.
    pub fn chdir(&self, path: &str) -> Result<(), Errno> {
        todo!()
    }
    /// The mask for modes of new files; returns the one before.
    pub fn umask(&self, mask: u32) -> u32 {
        todo!()
    }

    // Processes.

    /// Starts a child with copies of descriptors, environment and working directory, that runs `child`.
    pub fn fork(&self, child: impl FnOnce(Sys) -> ProgramFuture + 'static) -> Result<Pid, Errno> {
        todo!()
    }
    /// Replaces the program of this process: what comes back is the new program, to be awaited as the last thing
    /// (`return sys.exec(..)?.await`). `path` is looked up as it is, without `PATH`; scripts with `#!` run their
    /// interpreter.
    ///
    /// # Errors
    /// `ENOENT`, `EACCES`, `ENOEXEC` (no `#!`: the shell then reads it itself).
    pub fn exec(&self, path: &str, argv: Args, env: Vec<(String, String)>) -> Result<ProgramFuture, Errno> {
        todo!()
    }
    /// Starts another task in this process; it ends with the process.
    pub fn spawn_thread(&self, future: impl Future<Output = ()> + 'static) {
        todo!()
    }
    /// Ends this process at the next `.await`.
    pub async fn exit(&self, code: ExitCode) {
        todo!()
    }
    /// Waits for a child to end (or, with `untraced`, to stop or go on). `nohang` gives `Ok(None)` at once
    /// when none has. `ECHILD` when there is none to wait for.
    pub async fn wait(
        &self,
        which: WaitFor,
        untraced: bool,
        nohang: bool,
    ) -> Result<Option<(Pid, WaitStatus)>, Errno> {
        todo!()
    }
    /// Sends a signal: to a process, to a group when `pid` is negative, to the own group when it is 0.
    pub fn kill(&self, pid: Pid, signal: Option<Signal>) -> Result<(), Errno> {
        todo!()
    }
    /// Says what is to happen at a signal.
    pub fn sigaction(&self, signal: Signal, disposition: Disposition) {
        todo!()
    }
    /// The disposition of a signal.
    pub fn disposition(&self, signal: Signal) -> Disposition {
        todo!()
    }
    /// Takes a caught signal that has arrived.
    pub fn take_signal(&self) -> Option<Signal> {
        todo!()
    }
    /// Waits for a caught signal.
    pub async fn wait_signal(&self) -> Signal {
        todo!()
    }
    /// Own process group.
    pub fn getpgrp(&self) -> Pid {
        todo!()
    }
    /// Puts a process (0: this one) into a group (0: its own).
    pub fn setpgid(&self, pid: Pid, pgid: Pid) -> Result<(), Errno> {
        todo!()
    }
    /// Starts a new session without a controlling terminal.
    pub fn setsid(&self) -> Result<Pid, Errno> {
        todo!()
    }

    // Terminals.

    /// True when the descriptor is a terminal.
    pub fn isatty(&self, fd: Fd) -> bool {
        todo!()
    }
    /// Modes of a terminal.
    pub fn tcgetattr(&self, fd: Fd) -> Result<Termios, Errno> {
        todo!()
    }
    /// Sets the modes of a terminal.
    pub fn tcsetattr(&self, fd: Fd, termios: Termios) -> Result<(), Errno> {
        todo!()
    }
    /// Foreground process group of a terminal.
    pub fn tcgetpgrp(&self, fd: Fd) -> Result<Pid, Errno> {
        todo!()
    }
    /// Sets the foreground process group.
    pub fn tcsetpgrp(&self, fd: Fd, pgid: Pid) -> Result<(), Errno> {
        todo!()
    }
    /// Size of a terminal.
    pub fn winsize(&self, fd: Fd) -> Result<WinSize, Errno> {
        todo!()
    }
    /// Name of a terminal, for example `/dev/pts/0`.
    pub fn ttyname(&self, fd: Fd) -> Option<String> {
        todo!()
    }

    // Network.

    /// Connects by TCP; the descriptor is read and written like any other. Blocks as connect(2) does: `ECONNREFUSED`,
    /// `ETIMEDOUT` after 134 s, `EHOSTUNREACH`, `ENETUNREACH`.
    pub async fn connect(&self, to: SocketAddr) -> Result<Fd, Errno> {
        todo!()
    }
    /// Listens for TCP connections.
    pub fn listen(&self, on: SocketAddr, backlog: usize) -> Result<Fd, Errno> {
        todo!()
    }
    /// Waits for a connection.
    pub async fn accept(&self, listener: Fd) -> Result<(Fd, SocketAddr), Errno> {
        todo!()
    }
    /// Ends sending (FIN) and, if `both`, receiving as well.
    pub fn shutdown(&self, fd: Fd, both: bool) -> Result<(), Errno> {
        todo!()
    }
    /// Makes `close` on this socket send RST (`SO_LINGER` of zero).
    pub fn set_linger_reset(&self, fd: Fd) -> Result<(), Errno> {
        todo!()
    }
    /// A UDP socket, bound to `on` (port 0: any).
    pub fn udp(&self, on: SocketAddr) -> Result<Fd, Errno> {
        todo!()
    }
    /// Fixes the peer of a UDP socket, so that ICMP errors come back as `ECONNREFUSED` and the like.
    pub fn udp_connect(&self, fd: Fd, to: SocketAddr) -> Result<(), Errno> {
        todo!()
    }
    /// Sends a datagram.
    pub async fn send_to(&self, fd: Fd, data: &[u8], to: SocketAddr) -> Result<usize, Errno> {
        todo!()
    }
    /// Waits for a datagram.
    pub async fn recv_from(&self, fd: Fd, max: usize) -> Result<(Vec<u8>, SocketAddr), Errno> {
        todo!()
    }
    /// A socket for ICMP echo, as ping uses it.
    pub fn icmp(&self) -> Result<Fd, Errno> {
        todo!()
    }
    /// Sends an echo request.
    pub async fn send_echo(
        &self,
        fd: Fd,
        to: IpAddr,
        sequence: u16,
        size: usize,
        ttl: u8,
    ) -> Result<(), Errno> {
        todo!()
    }
    /// Waits for an echo reply or an ICMP error about what was sent on this socket.
    pub async fn recv_icmp(&self, fd: Fd) -> Result<crate::net::IcmpMessage, Errno> {
        todo!()
    }
    /// Own address of a socket.
    pub fn local_addr(&self, fd: Fd) -> Result<SocketAddr, Errno> {
        todo!()
    }
    /// Address of the other side.
    pub fn peer_addr(&self, fd: Fd) -> Result<SocketAddr, Errno> {
        todo!()
    }
}
