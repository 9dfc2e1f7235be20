//! What was measured beside what was promised.

use std::process::ExitCode;

/// The report of one run.
pub(crate) struct Report {
    promises: toml::Table,
    broken: usize,
}

impl Report {
    pub(crate) fn new(profile: &str) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let promises = include_str!("../budget.toml").parse().expect("bench/budget.toml");
        let cpu = read("/proc/cpuinfo");
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let now = jiff::Timestamp::now();
        println!(
            "# {now:.0} · profile {profile} · {} · {cores} cores · Linux {}",
            cpu.trim_matches(['\t', ':', ' ']),
            read("/proc/sys/kernel/osrelease").trim()
        );
        println!("# load before: {}", read("/proc/loadavg").trim());
        Self { promises, broken: 0 }
    }

    /// A figure that has a promise.
    pub(crate) fn measured(&mut self, key: &str, value: f64, unit: &str) {
        let promise = |kind: &str| {
            let found = self.promises.get(kind)?.get(key)?;
            found.as_float().or_else(|| found.as_integer().and_then(|number| number.to_string().parse().ok()))
        };
        let verdict = match (promise("hold"), promise("goal")) {
            (Some(most), _) if value <= most => format!("holds (≤ {most})"),
            (Some(most), _) => {
                self.broken += 1;
                format!("BROKEN (≤ {most})")
            }
            (None, Some(goal)) if value <= goal => format!("goal met (≤ {goal})"),
            (None, Some(goal)) => format!("goal missed (≤ {goal})"),
            (None, None) => "no promise".to_owned(),
        };
        println!("{key:<22} {value:>14.1} {unit:<32} {verdict}");
    }

    /// A figure for reading.
    pub(crate) fn shown(&self, what: &str, line: &str) {
        println!("  {what:<26} {line}");
    }

    /// Success where nothing that holds was broken.
    pub(crate) fn finish(self) -> ExitCode {
        println!("{} promises broken", self.broken);
        if self.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
