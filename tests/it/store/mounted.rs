//! The disk of `disk` as a folder: a FUSE server in this process.
//!
//! Without direct_io, so that the kernel's page cache lies in between as it does before a card; it writes
//! through, so every write(2) is a change here at once, and nothing reaches the card but by fsync.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry,
    ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use hearth::base::Clock;
use hearth::store::Store;

use super::disk::{Disk, Luck, Off};
use super::kit::{Scratch, quick, wait};

/// A mounted disk; unmounted with the value.
pub(super) struct Mounted {
    disk: Arc<Mutex<Disk>>,
    session: Option<BackgroundSession>,
    scratch: Scratch,
    /// Ends the mount where this process was killed: a thread that waits for a server in its own, dead
    /// process would keep both for ever.
    guard: std::process::Child,
}

/// Waits until the process is gone or a zombie, then breaks the mount.
const GUARD: &str = r#"while read -r _ _ state _ <"/proc/$1/stat" && [ "$state" != Z ]; do sleep 1; done 2>/dev/null
umount -f "$2""#;

impl Mounted {
    /// Opens a store on a disk with this database whose power fails at this step, does something with it and closes it:
    /// whether all was done before the cut, and the disk after the restart. `None` as [`Self::new`].
    pub(super) fn cut_at(
        name: &str,
        database: &[u8],
        (step, luck): (u64, Luck),
        clock: &Clock,
        act: impl AsyncFnOnce(&Store),
    ) -> Option<(bool, Self)> {
        let mut disk = Disk::with(&[("hearth.db", database)]);
        disk.cut_at = Some(step);
        let mounted = Self::new(name, disk)?;
        if let Ok((store, _)) = mounted.scratch().try_open(clock.clone(), quick()) {
            wait(async {
                act(&store).await;
                store.close().await.ok();
            });
        }
        let finished = !mounted.disk().off;
        Some((finished, mounted.restarted(luck)))
    }

    /// Mounts a disk; `None`, said aloud, where this machine does not let it be.
    pub(super) fn new(name: &str, disk: Disk) -> Option<Self> {
        let scratch = Scratch::new(name);
        let disk = Arc::new(Mutex::new(disk));
        let session = match fuser::spawn_mount(Server(Arc::clone(&disk)), scratch.path(), &Config::default()) {
            Ok(session) => session,
            Err(error) => {
                println!("SKIPPED: this machine mounts no FUSE disk (root and /dev/fuse): {error}");
                assert!(std::env::var_os("CI").is_none(), "in CI this must not be skipped");
                return None;
            }
        };
        let guard = std::process::Command::new("sh")
            .args(["-c", GUARD, "guard", &std::process::id().to_string()])
            .arg(scratch.path())
            // Whoever kills a test that hangs kills its group.
            .process_group(0)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { disk, session: Some(session), scratch, guard })
    }

    pub(super) fn path(&self) -> &Path {
        self.scratch.path()
    }

    pub(super) fn database(&self) -> PathBuf {
        self.scratch.database()
    }

    pub(super) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    pub(super) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }

    /// The power fails now.
    pub(super) fn cut(&self) {
        self.disk().off = true;
    }

    /// The card after the cut, in a board that starts again. Nothing of the disk may be open any more.
    pub(super) fn restarted(mut self, luck: Luck) -> Self {
        let disk = self.disk().after_cut(luck);
        self.unmount();
        *self.disk() = disk;
        let server = Server(Arc::clone(&self.disk));
        self.session = Some(fuser::spawn_mount(server, self.scratch.path(), &Config::default()).unwrap());
        self
    }

    fn unmount(&mut self) {
        let Some(session) = self.session.take() else { return };
        // A store that has ended closes its files a moment later, on its own thread.
        crate::kit::wait_for("the disk to be let go", || {
            let done = std::process::Command::new("umount").arg(self.scratch.path()).output().unwrap();
            done.status.success().then_some(())
        });
        session.join().unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(self.guard.kill());
        drop(self.guard.wait());
        // A test that failed may have left files open; the mount then goes with them.
        drop(std::process::Command::new("umount").arg("-l").arg(self.scratch.path()).output());
    }
}

struct Server(Arc<Mutex<Disk>>);

const TTL: Duration = Duration::from_secs(1);

impl Server {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }
}

fn attributes(number: u64, length: Option<usize>) -> FileAttr {
    let folder = length.is_none();
    FileAttr {
        ino: INodeNo(number),
        size: length.unwrap_or(0) as u64,
        blocks: length.unwrap_or(0).div_ceil(512) as u64,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: if folder { FileType::Directory } else { FileType::RegularFile },
        perm: if folder { 0o700 } else { 0o600 },
        nlink: 1,
        uid: nix::unistd::geteuid().as_raw(),
        gid: nix::unistd::getegid().as_raw(),
        rdev: 0,
        flags: 0,
        blksize: 4096,
    }
}

fn size(of: u64) -> usize {
    usize::try_from(of).unwrap()
}

fn done(reply: ReplyEmpty, result: Result<(), Off>) {
    match result {
        Ok(()) => reply.ok(),
        Err(Off) => reply.error(Errno::EIO),
    }
}

impl Filesystem for Server {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let disk = self.disk();
        match (disk.powered(), disk.find(name)) {
            (Err(Off), _) => reply.error(Errno::EIO),
            (Ok(()), Some(number)) => reply.entry(&TTL, &attributes(number, disk.length(number)), Generation(0)),
            (Ok(()), None) => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let disk = self.disk();
        match (disk.powered(), number.0) {
            (Err(Off), _) => reply.error(Errno::EIO),
            (Ok(()), 1) => reply.attr(&TTL, &attributes(1, None)),
            (Ok(()), number) => reply.attr(&TTL, &attributes(number, Some(disk.length(number).unwrap_or(0)))),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        length: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut disk = self.disk();
        if length.is_some_and(|length| disk.set_length(number.0, size(length)).is_err()) {
            return reply.error(Errno::EIO);
        }
        let seen = if number.0 == 1 { None } else { disk.length(number.0) };
        reply.attr(&TTL, &attributes(number.0, seen));
    }

    fn create(&self, _: &Request, _: INodeNo, name: &OsStr, _: u32, _: u32, _: i32, reply: ReplyCreate) {
        match self.disk().create(name) {
            Err(Off) => reply.error(Errno::EIO),
            Ok(number) => {
                let attributes = attributes(number, Some(0));
                reply.created(&TTL, &attributes, Generation(0), FileHandle(0), FopenFlags::empty());
            }
        }
    }

    fn unlink(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(reply, self.disk().remove(name));
    }

    fn rename(&self, _: &Request, _: INodeNo, from: &OsStr, _: INodeNo, to: &OsStr, _: RenameFlags, reply: ReplyEmpty) {
        done(reply, self.disk().rename(from, to));
    }

    fn link(&self, _: &Request, number: INodeNo, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut disk = self.disk();
        match disk.link(number.0, name) {
            Err(Off) => reply.error(Errno::EIO),
            Ok(()) => reply.entry(&TTL, &attributes(number.0, disk.length(number.0)), Generation(0)),
        }
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        at: u64,
        length: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let disk = self.disk();
        match disk.powered() {
            Err(Off) => reply.error(Errno::EIO),
            Ok(()) => reply.data(disk.read(number.0, size(at), length as usize)),
        }
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        at: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.disk().write(number.0, size(at), bytes) {
            Err(Off) => reply.error(Errno::EIO),
            Ok(()) => reply.written(u32::try_from(bytes.len()).unwrap()),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // The end of a descriptor, which flushes nothing.
        reply.ok();
    }

    fn fsync(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(reply, self.disk().flush(number.0));
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(reply, self.disk().flush_names());
    }

    fn readdir(&self, _: &Request, _: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let disk = self.disk();
        if disk.powered().is_err() {
            return reply.error(Errno::EIO);
        }
        for (place, (name, number)) in (1..).zip(disk.names()).skip(size(offset)) {
            if reply.add(INodeNo(number), place, FileType::RegularFile, name) {
                break;
            }
        }
        reply.ok();
    }
}
