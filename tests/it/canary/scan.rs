//! The scan: everything of processes and folders that root can see, for a key in every usual form.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Its slash, plus and equals signs have another form in a URL.
pub(super) const KEY: &str = "sk-cAn4ry/Zx81+Qq7LmN20pRtVw83kd02mfLp19xZ=";

/// A key in every form that is looked for.
pub(super) fn forms(key: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let url: String = key
        .iter()
        .map(|b| if b.is_ascii_alphanumeric() || *b == b'-' { char::from(*b).to_string() } else { format!("%{b:02X}") })
        .collect();
    let mut forms = vec![
        ("raw", key.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("HEX", hex.to_uppercase().into_bytes()),
        ("url", url.clone().into_bytes()),
        ("url, lower case", url.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d").into_bytes()),
    ];
    // Whatever stands before it in the encoded text, one of three alignments is met.
    for skip in 0..3 {
        let middle = &key[skip..skip + (key.len() - skip) / 3 * 3];
        let text = base64(middle);
        forms.push(("base64url", text.replace('+', "-").replace('/', "_").into_bytes()));
        forms.push(("base64", text.into_bytes()));
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks_exact(3) {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for shift in [18, 12, 6, 0] {
            out.push(char::from(SIGNS[usize::try_from(bits >> shift & 63).expect("six bits")]));
        }
    }
    out
}

/// What the forms are found in, as a place and a form each.
pub(crate) struct Scan {
    forms: Vec<(&'static str, Vec<u8>)>,
    pub(super) found: Vec<String>,
    bytes: u64,
}

impl Scan {
    /// For the canary.
    pub(super) fn new() -> Self {
        Self::of(KEY)
    }

    /// For another text.
    pub(crate) fn of(key: &str) -> Self {
        Self::of_bytes(key.as_bytes())
    }

    /// For bytes that are no text.
    pub(crate) fn of_bytes(key: &[u8]) -> Self {
        Self { forms: forms(key), found: Vec::new(), bytes: 0 }
    }

    pub(crate) fn look(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for (form, wanted) in &self.forms {
            if memchr::memmem::find(bytes, wanted).is_some() {
                self.found.push(format!("{form} in {place}"));
            }
        }
    }

    /// Everything of a process that root can see.
    pub(crate) fn process(&mut self, pid: u32) {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
        let name = format!("{} ({pid})", name.trim());
        for part in ["cmdline", "environ"] {
            self.look(&format!("{part} of {name}"), &std::fs::read(folder.join(part)).unwrap_or_default());
        }
        for open in std::fs::read_dir(folder.join("fd")).into_iter().flatten().flatten() {
            let target = std::fs::read_link(open.path()).unwrap_or_default();
            self.look(&format!("a name open in {name}"), target.as_os_str().as_encoded_bytes());
            if std::fs::metadata(open.path()).is_ok_and(|meta| meta.is_file()) {
                self.look(
                    &format!("{} open in {name}", target.display()),
                    &std::fs::read(open.path()).unwrap_or_default(),
                );
            }
        }
        let maps = match std::fs::read_to_string(folder.join("maps")) {
            // It ended since it was listed: a probe, a hand after its call.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            other => other.expect("maps (needs root)"),
        };
        let memory = std::fs::File::open(folder.join("mem")).expect("mem (needs root)");
        let mut mapped = 0;
        for line in maps.lines() {
            let (from, upto) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let [from, upto] = [from, upto].map(|text| u64::from_str_radix(text, 16).expect("an address"));
            if line.ends_with("[vvar]") || line.ends_with("[vsyscall]") || line.ends_with("[vvar_vclock]") {
                continue;
            }
            let mut bytes = vec![0; usize::try_from((upto - from).min(1 << 30)).expect("a size")];
            // A guard page or a hole refuses; what is there before it counts.
            let mut read = 0;
            while read < bytes.len() {
                match memory.read_at(&mut bytes[read..], from + read as u64) {
                    Ok(0) | Err(_) => break,
                    Ok(more) => read += more,
                }
            }
            mapped += read;
            self.look(&format!("memory of {name}, {line}"), &bytes[..read]);
        }
        assert!(mapped > 100_000, "the memory of {name} was read");
    }

    /// Every file beneath a folder.
    pub(crate) fn files(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                self.files(&path);
            } else if kind.is_file() {
                self.look(&path.display().to_string(), &std::fs::read(&path).unwrap_or_default());
            }
        }
    }

    #[track_caller]
    pub(crate) fn clean(&self) {
        assert!(self.found.is_empty(), "the key was found: {:#?}", self.found);
        assert!(self.bytes > 1_000_000, "only {} bytes were looked at", self.bytes);
    }

    #[track_caller]
    pub(crate) fn finds(&self, form: &str, place: &str) {
        let found = self.found.iter().any(|found| found.starts_with(form) && found.contains(place));
        assert!(found, "no {form} in {place}: {:?}", self.found);
    }
}

/// Whether the memory of a process holds this text.
pub(crate) fn memory_holds(pid: u32, text: &str) -> bool {
    let mut scan = Scan { forms: vec![("raw", text.as_bytes().to_vec())], found: Vec::new(), bytes: 0 };
    scan.process(pid);
    !scan.found.is_empty()
}
