//! The world of a `shell` hand: programs to read and run, one workspace and a private `/tmp` to write.
//!
//! With a mount namespace a new root is put together; without one, Landlock leaves the same open in
//! the old root. Where there is neither, there is no shell: the error says so.

use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::lock::Reach;
use super::space::{BASE, keep_to_ourselves, mount, turn};
use super::wall::{Wall, Walls};
use super::{SandboxFault, space};
use crate::base::limits::SHELL_TMP_BYTES;

/// Where the workspace lies inside.
pub(super) const WORKSPACE: &str = "/workspace";
/// Programs, their libraries and what they read.
const PROGRAMS: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"];
/// What programs look for in `/etc`; nothing else of it is there.
const SETTINGS: [&str; 6] = [
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/nsswitch.conf",
    "/etc/mime.types",
];
/// Nodes that cannot hold or tell anything.
const NODES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Makes the world; answers what the Landlock wall leaves open in it. Where the command will be given a secret,
/// the workspace can be read only: what the command says is looked through for it, what it wrote would not be.
///
/// # Errors
/// The step that was refused, or that there is neither of the two walls.
pub(super) fn make(
    walls: Walls,
    ids: (u32, u32),
    descriptors: &[OwnedFd],
    strict: bool,
    secret: bool,
) -> Result<Reach, SandboxFault> {
    let Some(folder) = descriptors.first() else { return bare(walls) };
    let workspace = path_of(folder).map_err(SandboxFault::step("find the workspace"))?;
    if walls.has(Wall::MountNs) {
        put_together(&workspace, folder, ids, (walls.has(Wall::PidNs), secret))?;
        let write = [(WORKSPACE, !secret), ("/tmp", true)];
        return Ok(Reach {
            write: write.iter().filter(|(_, open)| *open).map(|(path, _)| path.into()).collect(),
            read: vec!["/".into()],
            // A link leads to another of them: what is not shown is not there.
            run: PROGRAMS.iter().map(PathBuf::from).filter(|path| !path.is_symlink()).collect(),
            // Nothing else is in this `/dev`.
            devices: vec!["/dev".into()],
        });
    }
    if strict && !walls.has(Wall::LandlockFiles) {
        return Err(SandboxFault::step("find a wall around files")(io::Error::other(
            "there is neither a mount namespace nor Landlock",
        )));
    }
    std::env::set_current_dir(&workspace).map_err(SandboxFault::step("go to the workspace"))?;
    let run = PROGRAMS.map(PathBuf::from).to_vec();
    let mut read: Vec<_> = SETTINGS.iter().map(PathBuf::from).chain(["/proc".into()]).collect();
    let mut write = vec![workspace];
    if secret {
        read.append(&mut write);
    }
    Ok(Reach { write, read, run, devices: NODES.map(PathBuf::from).to_vec() })
}

/// A shell that was handed nothing has an empty world: it can only be probed.
fn bare(walls: Walls) -> Result<Reach, SandboxFault> {
    if walls.has(Wall::MountNs) {
        space::empty_root()?;
    }
    Ok(Reach { run: PROGRAMS.map(PathBuf::from).to_vec(), ..Reach::default() })
}

fn path_of(folder: &OwnedFd) -> io::Result<PathBuf> {
    let path = fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd()))?;
    let (there, handed) = (fs::metadata(&path)?, fs::File::from(folder.try_clone()?).metadata()?);
    if (there.dev(), there.ino()) != (handed.dev(), handed.ino()) || !there.is_dir() {
        return Err(io::Error::other("it is not at its path any more"));
    }
    Ok(path)
}

fn put_together(
    workspace: &Path,
    folder: &OwnedFd,
    (uid, gid): (u32, u32),
    (own_proc, secret): (bool, bool),
) -> Result<(), SandboxFault> {
    let at = |step| SandboxFault::step(step);
    keep_to_ourselves()?;
    // Read once: nothing outside mounts into here any more.
    let points = Points::here().map_err(at("list mounts"))?;
    mount(Some(c"none"), BASE, Some(c"tmpfs"), libc::MS_NOSUID | libc::MS_NODEV, Some(c"size=256k,mode=755"))
        .map_err(at("mount a new root"))?;
    for path in PROGRAMS.iter().chain(&SETTINGS) {
        show(Path::new(path), &points).map_err(at("show programs"))?;
    }
    let inside = base(Path::new(WORKSPACE));
    fs::create_dir(&inside).map_err(at("show the workspace"))?;
    let closed = if secret { libc::MS_RDONLY } else { 0 };
    let flags = libc::MS_NOSUID | libc::MS_NODEV | closed;
    bind(workspace, &inside, flags, &points).map_err(at("show the workspace"))?;
    // The mount is of the path; what was handed over is this folder and no other.
    let same = |file: fs::Metadata| (file.dev(), file.ino());
    let handed = folder.try_clone().and_then(|fd| fs::File::from(fd).metadata()).map_err(at("check the workspace"))?;
    if fs::metadata(&inside).map(same).map_err(at("check the workspace"))? != same(handed) {
        return Err(at("check the workspace")(io::Error::other("it was moved while it was mounted")));
    }
    nodes().map_err(at("show device nodes"))?;
    fs::create_dir(base(Path::new("/proc"))).map_err(at("show processes"))?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    if own_proc {
        // The hand is not dumpable: with hidepid its children do not even see its command line. Not before Linux 5.8.
        let shown = |data| mount(Some(c"proc"), c"/sys/proc", Some(c"proc"), flags, data);
        shown(Some(c"hidepid=2")).or_else(|_| shown(None)).map_err(at("show processes"))?;
    } else {
        // The hand has to see its tree to end it; what is seen of others is bounded by uid and user namespace.
        bind(Path::new("/proc"), &base(Path::new("/proc")), flags | libc::MS_RDONLY, &points)
            .map_err(at("show processes"))?;
    }
    own_files(uid, gid).map_err(at("write the files of a user"))?;
    let flags = libc::MS_REMOUNT | libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV;
    mount(Some(c"none"), BASE, None, flags, Some(c"size=256k,mode=755")).map_err(at("close the new root"))?;
    turn()?;
    std::env::set_current_dir(WORKSPACE).map_err(at("go to the workspace"))
}

/// `/etc/passwd` with one user, a private `/tmp`, a `/root` that nobody enters.
fn own_files(uid: u32, gid: u32) -> io::Result<()> {
    let etc = base(Path::new("/etc"));
    fs::create_dir_all(&etc)?;
    let user = format!("sandbox:x:{uid}:{gid}:sandbox:{WORKSPACE}:/bin/sh\n");
    fs::write(etc.join("passwd"), format!("root:x:0:0:root:/root:/bin/false\n{user}"))?;
    fs::write(etc.join("group"), format!("root:x:0:\nsandbox:x:{gid}:\n"))?;
    fs::create_dir(base(Path::new("/root")))?;
    fs::set_permissions(base(Path::new("/root")), fs::Permissions::from_mode(0o000))?;
    fs::create_dir(base(Path::new("/tmp")))?;
    let data = text(format!("size={SHELL_TMP_BYTES},mode=700"))?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    mount(Some(c"none"), c"/sys/tmp", Some(c"tmpfs"), flags, Some(&data))
}

fn nodes() -> io::Result<()> {
    let dev = base(Path::new("/dev"));
    fs::create_dir(&dev)?;
    for node in NODES.iter().map(Path::new).filter(|node| node.exists()) {
        let inside = base(node);
        fs::write(&inside, "")?;
        mount(Some(&text(node)?), &text(&inside)?, None, libc::MS_BIND, None)?;
    }
    for (name, to) in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1")] {
        symlink(to, dev.join(name))?;
    }
    symlink("/proc/self/fd/2", dev.join("stderr"))?;
    symlink("/tmp", dev.join("shm"))
}

/// Shows a path of the old root in the new one, to be read only; a link stays a link.
fn show(path: &Path, points: &Points) -> io::Result<()> {
    let Ok(kind) = path.symlink_metadata() else { return Ok(()) };
    let inside = base(path);
    if let Some(parent) = inside.parent() {
        fs::create_dir_all(parent)?;
    }
    if kind.is_symlink() {
        return symlink(fs::read_link(path)?, &inside);
    }
    if kind.is_dir() {
        fs::create_dir(&inside)?;
    } else {
        fs::write(&inside, "")?;
    }
    bind(path, &inside, libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV, points)
}

/// Binds with what is mounted beneath, and then narrows each: flags of a bind mount are set by a second
/// call (mount(2)); those that a mount has already are locked in a user namespace, so they are kept.
fn bind(from: &Path, to: &Path, flags: libc::c_ulong, points: &Points) -> io::Result<()> {
    mount(Some(&text(from)?), &text(to)?, None, libc::MS_BIND | libc::MS_REC, None)?;
    for point in std::iter::once(to.to_owned()).chain(points.below(from).map(|below| to.join(below))) {
        let point = text(point)?;
        let has = nix::sys::statvfs::statvfs(point.as_c_str())?.flags().bits();
        mount(None, &point, None, libc::MS_REMOUNT | libc::MS_BIND | flags | kept(has), None)?;
    }
    Ok(())
}

/// Where something is mounted (proc_pid_mountinfo(5)).
struct Points(Vec<PathBuf>);

impl Points {
    fn here() -> io::Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        Ok(Self(mounts.lines().filter_map(|line| line.split(' ').nth(4)).map(unescaped).collect()))
    }

    /// Those below a path, from there.
    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Path> {
        let from_there = move |point: &'a PathBuf| point.strip_prefix(path).ok();
        self.0.iter().filter_map(from_there).filter(|rest| !rest.as_os_str().is_empty())
    }
}

/// What the kernel writes for a blank, tab, line feed and backslash in a path.
fn unescaped(field: &str) -> PathBuf {
    let table = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    table.iter().fold(field.to_owned(), |text, (from, to)| text.replace(from, to)).into()
}

/// The flags of mount(2) for those that statvfs(3) tells.
fn kept(has: libc::c_ulong) -> libc::c_ulong {
    // The kernel's number (include/linux/statfs.h): the libc crate has no name for it on musl.
    const ST_RELATIME: libc::c_ulong = 0x1000;
    let table = [
        (libc::ST_NODEV, libc::MS_NODEV),
        (libc::ST_NOSUID, libc::MS_NOSUID),
        (libc::ST_NOEXEC, libc::MS_NOEXEC),
        (libc::ST_RDONLY, libc::MS_RDONLY),
        (libc::ST_NOATIME, libc::MS_NOATIME),
        (libc::ST_NODIRATIME, libc::MS_NODIRATIME),
        (ST_RELATIME, libc::MS_RELATIME),
    ];
    table.into_iter().filter(|(flag, _)| has & flag != 0).fold(0, |all, (_, flag)| all | flag)
}

fn base(path: &Path) -> PathBuf {
    let base = Path::new(std::ffi::OsStr::from_bytes(CStr::to_bytes(BASE)));
    base.join(path.strip_prefix("/").unwrap_or(path))
}

fn text(text: impl AsRef<std::ffi::OsStr>) -> io::Result<CString> {
    CString::new(text.as_ref().as_bytes()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_below_a_path_are_found_by_their_real_names() {
        let points = Points(["/", "/usr", "/usr/a\\040b", "/usrx"].map(unescaped).to_vec());
        assert_eq!(points.below(Path::new("/usr")).collect::<Vec<_>>(), [Path::new("a b")]);
        assert_eq!(unescaped("/a\\134b"), Path::new("/a\\b"));
        assert!(Points::here().expect("mounts").0.contains(&PathBuf::from("/proc")));
    }
}
