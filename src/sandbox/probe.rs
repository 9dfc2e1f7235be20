//! Tries every wall: a child that commits each forbidden act with one wall, with none, and with all.
//!
//! It is forked from the spawner before the spawner seals itself, waits until it is asked, works on
//! canaries of its own, reports, and ends. Nobody can tell it what to try.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid};

use super::act::{Act, Canaries, attempt};
use super::leftovers;
use super::mould::{Birth, Mould, plain_fork};
use super::policy::Class;
use super::report::{Attempted, Report, Stood, Verdict};
use super::seal;
use super::wall::Walls;
use crate::base::{limits, sys};
use crate::wire::packet;

/// Whether the spawner has ended: what is left to try is left.
static ALONE: AtomicBool = AtomicBool::new(false);

extern "C" fn left_alone(_: libc::c_int) {
    ALONE.store(true, Ordering::Relaxed);
}

/// Waits to be asked, probes, answers. Runs in a process of its own.
pub(super) fn serve(socket: &OwnedFd, mould: &Mould) {
    let parent = getppid();
    sys::die_with_parent(Signal::SIGKILL);
    sys::set_process_name(c"hearth-probe");
    let asked = packet::receive(socket, &mut Vec::new());
    if !matches!(asked, Ok(Some(_))) {
        return;
    }
    // From here on it has something to clear away, so the end of the spawner interrupts it and no more.
    let handler = SigAction::new(SigHandler::Handler(left_alone), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler stores one flag.
    if unsafe { sigaction(Signal::SIGUSR1, &handler) }.is_ok() {
        sys::die_with_parent(Signal::SIGUSR1);
    }
    if getppid() != parent {
        return;
    }
    leftovers::clear();
    let tried = Stage::put_up().map(|stage| stage.try_all(mould)).unwrap_or_default();
    if ALONE.load(Ordering::Relaxed) {
        return;
    }
    let report = Report { raised: mould.raised, lowered: mould.lowered, tried };
    let _ = packet::send(socket, &report.encode(), &[]);
}

/// The canaries, and what keeps them alive.
struct Stage {
    canaries: Canaries,
    folder: PathBuf,
    shared: libc::c_int,
    victim: Pid,
    workspace: OwnedFd,
    _memory: fs::File,
    _held: (UnixListener, UnixListener, std::net::TcpListener, std::net::UdpSocket),
}

impl Stage {
    fn put_up() -> io::Result<Self> {
        let folder = folder()?;
        let own = |name: &str| fs::File::options().write(true).create_new(true).mode(0o600).open(folder.join(name));
        own("canary")?;
        fs::create_dir(folder.join("workspace"))?;
        let workspace = fs::File::open(folder.join("workspace"))?.into();
        let by_path = UnixListener::bind(folder.join("socket"))?;
        fs::set_permissions(folder.join("socket"), fs::Permissions::from_mode(0o600))?;
        let name = format!("hearth-probe-{}", std::process::id());
        let by_name = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        let tcp = std::net::TcpListener::bind("127.0.0.1:0")?;
        let udp = std::net::UdpSocket::bind("127.0.0.1:0")?;
        let key = libc::key_t::try_from(std::process::id()).map_err(io::Error::other)?;
        // SAFETY: makes a segment of one page; it is removed when this value goes.
        let shared = unsafe { libc::shmget(key, 4096, libc::IPC_CREAT | 0o600) };
        let own_pid = getpid();
        let victim = match plain_fork()? {
            Some(pid) => pid,
            None => pause(own_pid),
        };
        let memory = memory_file()?;
        let canaries = Canaries {
            memory_file: memory.as_raw_fd(),
            file: text(&folder.join("canary"))?,
            new_file: text(&folder.join("made"))?,
            socket: text(&folder.join("socket"))?,
            abstract_name: [b"\0", name.as_bytes()].concat(),
            tcp_port: tcp.local_addr()?.port(),
            udp_port: udp.local_addr()?.port(),
            shared: key,
            victim: victim.as_raw(),
            program: text(&std::env::current_exe()?)?,
        };
        Ok(Self { canaries, folder, shared, victim, workspace, _memory: memory, _held: (by_path, by_name, tcp, udp) })
    }

    fn try_all(&self, mould: &Mould) -> Vec<Attempted> {
        let mut tried = Vec::new();
        // What nothing here claims to refuse shows nothing, and may cost a small board much.
        let claimed = |act: &Act| Class::ALL.iter().any(|of| !act.refused_by(*of).common(mould.walls(*of)).is_empty());
        for act in Act::ALL.into_iter().filter(claimed) {
            let verdict = self.commit(mould, Class::Pure, act, Walls::NONE);
            tried.push(Attempted { class: Class::Pure, act, stood: Stood::None, verdict });
        }
        for class in Class::ALL {
            let all = mould.walls(class);
            for act in Act::ALL {
                let claimed = act.refused_by(class).common(all);
                for wall in claimed.iter() {
                    let verdict = self.commit(mould, class, act, Walls::of(&[wall]));
                    tried.push(Attempted { class, act, stood: Stood::Only(wall), verdict });
                }
                if !claimed.is_empty() {
                    let verdict = self.commit(mould, class, act, all);
                    tried.push(Attempted { class, act, stood: Stood::All, verdict });
                }
            }
        }
        tried
    }

    /// One act, in a process of its own, behind these walls.
    fn commit(&self, mould: &Mould, class: Class, act: Act, walls: Walls) -> Verdict {
        if ALONE.load(Ordering::Relaxed) {
            return Verdict::Unraised;
        }
        let _ = fs::remove_file(self.folder.join("made"));
        let cpu_seconds = limits::HAND_CPU_SECONDS;
        let birth = Birth { class, walls, place: PLACE, cpu_seconds, strict: false, keeper: None };
        let born = mould.bear(&birth, |order| {
            let held = if class == Class::Shell { self.workspace.try_clone().ok() } else { None };
            let held: Vec<OwnedFd> = held.into_iter().collect();
            match seal::raise(order, &held, None) {
                Ok(()) => attempt(act, &self.canaries),
                Err(_) => UNRAISED,
            }
        });
        let Ok(pid) = born else { return Verdict::Unraised };
        match end_of(pid) {
            Ok(WaitStatus::Exited(_, 0)) => Verdict::Succeeded,
            Ok(WaitStatus::Exited(_, UNRAISED)) => Verdict::Unraised,
            Ok(WaitStatus::Exited(_, errno)) => Verdict::Refused(errno),
            Ok(WaitStatus::Signaled(_, signal, _)) => Verdict::Ended(signal as i32),
            _ => Verdict::Unraised,
        }
    }
}

/// Waits for the end of a child, which comes at once where the spawner has ended.
fn end_of(pid: Pid) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(pid, None) {
            Err(Errno::EINTR) if ALONE.load(Ordering::Relaxed) => kill(pid, Signal::SIGKILL)?,
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// Behind all places of hands, which live meanwhile.
#[allow(clippy::cast_possible_truncation, reason = "16")]
const PLACE: u32 = limits::HANDS as u32;
/// The exit status of a child whose walls could not be raised; above every errno.
const UNRAISED: i32 = 200;

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = kill(self.victim, Signal::SIGKILL);
        let _ = waitpid(self.victim, None);
        // SAFETY: removes the segment that `put_up` made; with a null structure nothing is written.
        unsafe { libc::shmctl(self.shared, libc::IPC_RMID, std::ptr::null_mut()) };
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A folder that every uid may enter, so that a wall and not the path is what refuses.
fn folder() -> io::Result<PathBuf> {
    let name = format!("{}{}", leftovers::NAME, std::process::id());
    let mut last = io::Error::other("no place for canaries");
    for folder in leftovers::places().map(|place| place.join(&name)) {
        match fs::DirBuilder::new().mode(0o755).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn memory_file() -> io::Result<fs::File> {
    // SAFETY: a new descriptor, owned by the file that is made of it.
    unsafe {
        let file = libc::syscall(libc::SYS_memfd_create, c"canary".as_ptr(), libc::MFD_CLOEXEC);
        let file = libc::c_int::try_from(file).map_err(io::Error::other)?;
        if file < 0 { Err(io::Error::last_os_error()) } else { Ok(fs::File::from_raw_fd(file)) }
    }
}

fn pause(parent: Pid) -> ! {
    sys::die_with_parent(Signal::SIGKILL);
    // It may have ended before that was asked for.
    while getppid() == parent {
        // SAFETY: waits for a signal, touches no memory.
        unsafe { libc::pause() };
    }
    sys::exit_now(0)
}

fn text(path: &Path) -> io::Result<std::ffi::CString> {
    std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}
