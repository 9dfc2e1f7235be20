//! What Hearth starts with: the checked settings, the board and the home, all faults at once.

use std::path::{Path, PathBuf};

use crate::base::{KeyFault, limits};
use crate::board::{self, Board, Boards};
use crate::config::{self, Config, Dirs, Env, Source};
use crate::home::{Home, HomeFault};
use crate::sandbox::{Reach, Walls};

use super::{AppFault, faults, lines, network, places};

/// Where settings come from besides their file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--board`.
    pub board: Option<String>,
    /// `/etc/hearth/boards` outside tests.
    pub boards: PathBuf,
    /// `--without-wall`: walls taken away for a test.
    pub lowered: Walls,
    /// `--without-text-guard`: shell commands go to the walls unjudged, for a test.
    pub without_text_guard: bool,
}

/// Everything that was read and checked.
#[derive(Debug)]
pub struct Settings {
    /// The settings.
    pub config: Config,
    /// The folders.
    pub dirs: Dirs,
    /// The board.
    pub board: Board,
    /// The home.
    pub home: Home,
    /// Walls taken away for a test.
    pub lowered: Walls,
    /// Whether shell commands go to the walls unjudged, for a test.
    pub without_text_guard: bool,
}

impl Settings {
    /// Where the admin socket is, by the same settings that the service reads.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dirs.runtime.join("hearth.sock")
    }

    /// Where the brain's session key with the keeper is.
    #[must_use]
    pub fn session_key(&self) -> PathBuf {
        super::model::session_key(&self.config, &self.dirs.data)
    }

    /// What of the file system the brain needs once its settings are read.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let mut write = vec![self.dirs.data.clone(), self.dirs.runtime.clone(), self.dirs.workspace.clone()];
        let log = &self.config.log.file;
        // A log that turns makes its new file beside the old one.
        write.extend(folder_of(log));
        let mut read =
            ["/etc", "/proc", "/sys", "/run", "/usr/share/zoneinfo", "/usr/lib", "/lib"].map(PathBuf::from).to_vec();
        // A key that is enrolled later is a new file.
        read.extend(folder_of(&self.config.keeper.session_key));
        read.push(self.config.net.ca_file.clone());
        Reach {
            write,
            read,
            run: Vec::new(),
            devices: vec!["/dev".into(), "/sys/class".into(), "/sys/devices".into(), "/sys/bus".into()],
        }
    }

    /// Reads and checks settings, board and home.
    ///
    /// # Errors
    /// [`AppFault::Settings`] with every fault.
    pub fn load(options: &Options) -> Result<Self, AppFault> {
        let env = Env::here();
        let source = config::find(options.config.as_deref(), &env, Path::new("/etc"));
        let config = Config::from_source(&source).map_err(AppFault::Settings)?;
        Self::complete(config, options, &env)
    }

    /// Checks a text as [`Settings::load`] would check the file `source`.
    ///
    /// # Errors
    /// [`AppFault::Settings`] with every fault.
    pub fn check(source: &Source, options: &Options) -> Result<Self, AppFault> {
        let config = Config::from_source(source).map_err(AppFault::Settings)?;
        Self::complete(config, options, &Env::here())
    }

    fn complete(config: Config, options: &Options, env: &Env) -> Result<Self, AppFault> {
        let board = chosen(&config, options).map_err(AppFault::Settings)?;
        let home = load_home(&config).map_err(AppFault::Settings)?;
        let mut faults = lines::check(&home, &board, &config);
        faults.extend(network::check(&config));
        faults.extend(places::check(&config, &home));
        if !faults.is_empty() {
            return Err(AppFault::Settings(faults));
        }
        let dirs = config.dirs(env);
        Ok(Self { config, dirs, board, home, lowered: options.lowered, without_text_guard: options.without_text_guard })
    }
}

/// The folder of a file that is named in the settings; none for an empty name.
fn folder_of(file: &Path) -> Option<PathBuf> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_path_buf)
}

fn chosen(config: &Config, options: &Options) -> Result<Board, Vec<KeyFault>> {
    let mut boards = Boards::embedded()?;
    let faults = boards.load_dir(&options.boards);
    if !faults.is_empty() {
        return Err(faults);
    }
    let named = options.board.as_deref().or(match &config.board {
        config::Board::Auto => None,
        config::Board::Named(name) => Some(name.as_str()),
    });
    match named {
        Some(name) => boards.named(name),
        None => boards.detect(board::read_compatible(Path::new("/")).as_deref(), std::env::consts::ARCH),
    }
}

fn load_home(config: &Config) -> Result<Home, Vec<KeyFault>> {
    match &config.home {
        config::Home::Inline(value) => Home::from_json(value)
            .map_err(|faults| faults.iter().map(|fault| faults::in_config(config, fault)).collect()),
        config::Home::File(path) => from_file(path),
    }
}

fn from_file(path: &Path) -> Result<Home, Vec<KeyFault>> {
    let file = path.display().to_string();
    let of_file = |problem: String| vec![KeyFault::of_file(&file, problem)];
    let bytes = config::read_bounded(path).map_err(|error| of_file(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > limits::CONFIG_BYTES {
        return Err(of_file(format!("is longer than {} bytes", limits::CONFIG_BYTES)));
    }
    let text = String::from_utf8(bytes).map_err(|_| of_file("is not UTF-8 text".into()))?;
    let told = |faults: Vec<HomeFault>| {
        faults.iter().map(|fault| KeyFault::of_file(&file, format!("{}: {}", fault.path, fault.message))).collect()
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        let value = serde_json::from_str(&text).map_err(|error| of_file(format!("is not JSON: {error}")))?;
        return Home::from_json(&value).map_err(told);
    }
    Home::from_toml(&text).map_err(told)
}
