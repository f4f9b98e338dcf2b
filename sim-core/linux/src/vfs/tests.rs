//! Files as users with and without rights see them.

use super::{Caller, FileType, Vfs};
use crate::fd::{OpenFlags, SeekFrom};
use crate::testing::Machine;
use crate::{Errno, Sys, WaitStatus};

fn as_user<F: Future<Output = i32> + 'static>(main: impl Fn(Sys) -> F + 'static) -> Vfs {
    let machine = Machine::new();
    let root = machine.host.namespaces().root;
    root.mkdir_all("/home/student").unwrap();
    root.chown("/home/student", 1000, 1000).unwrap();
    root.put("/etc/hosts", "127.0.0.1 localhost\n", 0o644).unwrap();
    root.put("/etc/shadow", "root:*\n", 0o600).unwrap();
    let status = machine.run_as(1000, move |sys| {
        sys.chdir("/home/student").unwrap();
        main(sys)
    });
    assert_eq!(status, WaitStatus::Exited(0));
    root
}

#[test]
fn rights_are_checked() {
    as_user(|sys| async move {
        assert_eq!(sys.read_file("/etc/hosts").await.unwrap(), b"127.0.0.1 localhost\n");
        assert_eq!(sys.read_file("/etc/shadow").await, Err(Errno::EACCES));
        assert_eq!(sys.write_file("/etc/hosts", b"").await, Err(Errno::EACCES));
        assert_eq!(sys.write_file("/etc/new", b"").await, Err(Errno::EACCES));
        assert_eq!(sys.unlink("/etc/hosts"), Err(Errno::EACCES));
        assert_eq!(sys.chmod("/etc/hosts", 0o777), Err(Errno::EPERM));
        assert_eq!(sys.chown("/home/student", 0, 0), Err(Errno::EPERM));
        assert!(sys.access("/etc/hosts", 4) && !sys.access("/etc/hosts", 2));
        sys.mkdir("private", 0o777).unwrap();
        assert_eq!(sys.stat("private").unwrap().mode, 0o755);
        sys.write_file("private/f", b"1").await.unwrap();
        sys.chmod("private", 0o600).unwrap();
        assert_eq!(sys.stat("private/f"), Err(Errno::EACCES));
        assert_eq!(sys.chdir("private"), Err(Errno::EACCES));
        assert_eq!(sys.read_dir("private").unwrap(), ["f"]);
        0
    });
}

#[test]
fn in_tmp_only_the_owner_takes_away() {
    let machine = Machine::new();
    machine.host.namespaces().root.put("/tmp/roots", "", 0o666).unwrap();
    let status = machine.run_as(1000, |sys| async move {
        assert_eq!(sys.unlink("/tmp/roots"), Err(Errno::EPERM));
        assert_eq!(sys.rename("/tmp/roots", "/tmp/mine"), Err(Errno::EPERM));
        sys.write_file("/tmp/mine", b"").await.unwrap();
        assert_eq!(sys.unlink("/tmp/mine"), Ok(()));
        0
    });
    assert_eq!(status, WaitStatus::Exited(0));
}

#[test]
fn opening_says_what_is_wrong() {
    as_user(|sys| async move {
        let open = |path: &str, flags| sys.open(path, flags, 0o666).map(drop);
        let exclusive = OpenFlags { exclusive: true, ..OpenFlags::CREATE };
        assert_eq!(open("none", OpenFlags::READ), Err(Errno::ENOENT));
        assert_eq!(open("none/f", OpenFlags::CREATE), Err(Errno::ENOENT));
        assert_eq!(open("", OpenFlags::CREATE), Err(Errno::ENOENT));
        assert_eq!(open("/tmp", OpenFlags::CREATE), Err(Errno::EISDIR));
        assert_eq!(open("new/", OpenFlags::CREATE), Err(Errno::EISDIR));
        assert_eq!(open("/etc/hosts/x", OpenFlags::READ), Err(Errno::ENOTDIR));
        assert_eq!(open("/etc/hosts/", OpenFlags::READ), Err(Errno::ENOTDIR));
        assert_eq!(open(&"x".repeat(256), OpenFlags::CREATE), Err(Errno::ENAMETOOLONG));
        assert_eq!(open("new", exclusive), Ok(()));
        assert_eq!(open("new", exclusive), Err(Errno::EEXIST));
        let fd = sys.open("/tmp", OpenFlags::READ, 0).unwrap();
        assert_eq!(sys.read(fd, 1).await, Err(Errno::EISDIR));
        assert_eq!(sys.write(fd, b"x").await, Err(Errno::EBADF));
        assert_eq!(sys.read(99, 1).await, Err(Errno::EBADF));
        assert_eq!(open("/dev/tty", OpenFlags::READ), Err(Errno::ENXIO));
        assert_eq!(sys.write_file("/dev/full", b"x").await, Err(Errno::ENOSPC));
        0
    });
}

#[test]
fn links_lead_on() {
    as_user(|sys| async move {
        sys.write_file("f", b"1").await.unwrap();
        sys.symlink("f", "soft").unwrap();
        sys.symlink("loop", "loop").unwrap();
        sys.symlink("/home/student", "home").unwrap();
        sys.symlink("later", "dangling").unwrap();
        sys.link("f", "hard").unwrap();
        assert_eq!(sys.stat("f").unwrap().nlink, 2);
        assert_eq!(sys.stat("hard").unwrap().ino, sys.stat("home/home/soft").unwrap().ino);
        assert_eq!(sys.lstat("soft").unwrap().file_type, FileType::Symlink);
        assert_eq!(sys.readlink("soft").unwrap(), "f");
        assert_eq!(sys.readlink("f"), Err(Errno::EINVAL));
        assert_eq!(sys.stat("loop"), Err(Errno::ELOOP));
        assert_eq!(sys.realpath("home/../student/./soft").unwrap(), "/home/student/f");
        sys.write_file("dangling", b"2").await.unwrap();
        assert_eq!(sys.read_file("later").await.unwrap(), b"2");
        sys.unlink("f").unwrap();
        assert_eq!(sys.read_file("soft").await, Err(Errno::ENOENT));
        assert_eq!(sys.read_file("hard").await.unwrap(), b"1");
        assert_eq!(sys.link("/home", "x"), Err(Errno::EPERM));
        0
    });
}

#[test]
fn names_move() {
    as_user(|sys| async move {
        sys.mkdir("a", 0o755).unwrap();
        sys.mkdir("a/b", 0o755).unwrap();
        sys.mkdir("full", 0o755).unwrap();
        sys.write_file("full/f", b"1").await.unwrap();
        sys.write_file("g", b"2").await.unwrap();
        assert_eq!(sys.rename("a", "a/b/c"), Err(Errno::EINVAL));
        assert_eq!(sys.rename("a", "full"), Err(Errno::ENOTEMPTY));
        assert_eq!(sys.rename("a", "g"), Err(Errno::ENOTDIR));
        assert_eq!(sys.rename("g", "a"), Err(Errno::EISDIR));
        assert_eq!(sys.rename("none", "x"), Err(Errno::ENOENT));
        assert_eq!(sys.rmdir("full"), Err(Errno::ENOTEMPTY));
        assert_eq!(sys.rmdir("g"), Err(Errno::ENOTDIR));
        assert_eq!(sys.unlink("a"), Err(Errno::EISDIR));
        sys.rename("g", "full/f").unwrap();
        assert_eq!(sys.read_file("full/f").await.unwrap(), b"2");
        assert_eq!(sys.stat("a").unwrap().nlink, 3);
        sys.rename("a/b", "full/b").unwrap();
        assert_eq!((sys.stat("a").unwrap().nlink, sys.stat("full").unwrap().nlink), (2, 3));
        sys.rmdir("a").unwrap();
        assert_eq!(sys.read_dir(".").unwrap(), ["full"]);
        0
    });
}

#[test]
fn offsets_and_appends() {
    as_user(|sys| async move {
        sys.write_file("log", b"one\n").await.unwrap();
        let a = sys.open("log", OpenFlags::APPEND, 0o666).unwrap();
        let b = sys.open("log", OpenFlags::APPEND, 0o666).unwrap();
        for fd in [a, b, a] {
            sys.write_all(fd, b"x\n").await.unwrap();
        }
        assert_eq!(sys.read_file("log").await.unwrap(), b"one\nx\nx\nx\n");
        let fd = sys.open("log", OpenFlags::READ_WRITE, 0).unwrap();
        assert_eq!(sys.seek(fd, SeekFrom::End(-2)), Ok(8));
        sys.write_all(fd, b"yz").await.unwrap();
        sys.ftruncate(fd, 12).unwrap();
        assert_eq!(sys.seek(fd, SeekFrom::Start(6)), Ok(6));
        sys.unlink("log").unwrap();
        assert_eq!(sys.read_to_end(fd).await.unwrap(), b"x\nyz\0\0", "it lives until it is closed");
        assert_eq!(sys.fstat(fd).unwrap().nlink, 0);
        0
    });
}

#[test]
fn a_full_disk_says_so() {
    as_user(|sys| async move {
        let fd = sys.open("big", OpenFlags::CREATE, 0o666).unwrap();
        let chunk = vec![b'x'; 1 << 20];
        let mut written = 0;
        let error = loop {
            match sys.write_all(fd, &chunk).await {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((error, written), (Errno::ENOSPC, 63));
        sys.unlink("big").unwrap();
        sys.close(fd).unwrap();
        assert!(sys.disk_usage().0 < 1_000);
        0
    });
}

#[test]
fn forks_share_until_they_write() {
    let image = Vfs::new();
    image.put("/etc/motd", "image", 0o644).unwrap();
    image.put("/usr/share/data", vec![0; 1_000_000], 0o644).unwrap();
    let (one, two) = (image.fork(), image.fork());
    one.put("/etc/motd", "one", 0o644).unwrap();
    one.remove_all("/usr").unwrap();
    let three = one.fork();
    one.put("/etc/more", "1", 0o644).unwrap();
    assert_eq!(image.read("/etc/motd").unwrap(), b"image");
    assert_eq!(two.read("/etc/motd").unwrap(), b"image");
    assert_eq!(three.read("/etc/motd").unwrap(), b"one");
    assert_eq!(three.stat("/usr/share/data"), Err(Errno::ENOENT));
    assert_eq!(three.read_dir("/etc").unwrap(), ["motd"]);
    assert_eq!(two.stat("/usr/share/data").unwrap().size, 1_000_000);
    let mut deep = image;
    for n in 0..20 {
        deep = deep.fork();
        deep.put(&format!("/layer{n}"), "", 0o644).unwrap();
    }
    assert_eq!(deep.read_dir("/").unwrap().len(), 22);
}

#[test]
fn volumes_are_mounted() {
    let (root, volume) = (Vfs::new(), Vfs::new());
    volume.put("/key", "value", 0o644).unwrap();
    root.put("/etc/config/hidden", "", 0o644).unwrap();
    root.mount("/etc/config", &volume).unwrap();
    assert_eq!(root.read_dir("/etc/config").unwrap(), ["key"]);
    root.put("/etc/config/new", "2", 0o644).unwrap();
    assert_eq!(volume.read("/new").unwrap(), b"2");
    let caller = Caller::root(&root);
    assert_eq!(caller.walk("/etc/config/../config/new", true).unwrap().path, "/etc/config/new");
    assert_eq!(caller.rmdir("/etc/config"), Err(Errno::EBUSY));
    assert_eq!(caller.rename("/etc/config/new", "/etc/new"), Err(Errno::EXDEV));
    root.unmount("/etc/config").unwrap();
    assert_eq!(root.read_dir("/etc/config").unwrap(), ["hidden"]);
    assert_eq!(root.unmount("/etc/config"), Err(Errno::EINVAL));
}

#[test]
fn a_directory_is_mounted_elsewhere() {
    let (host, pod) = (Vfs::new(), Vfs::new());
    host.put("/var/log/syslog", "1", 0o644).unwrap();
    pod.mount("/logs", &host.subtree("/var/log").unwrap()).unwrap();
    pod.put("/logs/more", "2", 0o644).unwrap();
    assert_eq!(host.read("/var/log/more").unwrap(), b"2");
    assert_eq!(Caller::root(&pod).walk("/logs/../logs/..", true).unwrap().path, "/");
    host.remove_all("/var").unwrap();
    assert_eq!(pod.read_dir("/logs").unwrap(), [""; 0]);
    assert_eq!(pod.put("/logs/new", "", 0o644), Err(Errno::ENOENT));
    assert_eq!(host.subtree("/var").err(), Some(Errno::ENOENT));
    host.put("/a/f", "", 0o644).unwrap();
    host.mount("/b", &host.subtree("/a").unwrap()).unwrap();
    assert_eq!(Caller::root(&host).rmdir("/b"), Err(Errno::EBUSY));
    assert_eq!(host.read_dir("/b").unwrap(), ["f"]);
}

#[test]
fn new_files_belong_to_their_maker() {
    let root = as_user(|sys| async move {
        sys.umask(0o027);
        sys.sleep(std::time::Duration::from_millis(1)).await.unwrap();
        sys.write_file("f", b"").await.unwrap();
        let stat = sys.stat("f").unwrap();
        assert_eq!((stat.uid, stat.gid, stat.mode), (1000, 1000, 0o640));
        assert!(stat.mtime > sim::Instant::ZERO);
        0
    });
    assert_eq!(root.stat("/home/student/f").unwrap().mode, 0o640);
}
