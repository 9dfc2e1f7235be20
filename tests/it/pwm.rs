//! A PWM channel of sysfs: a board names it, a light dims on it, and its level outlives a restart.
//!
//! The folder is a fake with the files of Documentation/driver-api/pwm.rst; the test reads `duty_cycle`
//! as the hardware would. It lies in `/dev/shm`: a board file may name paths below /dev and /sys only.

use std::path::{Path, PathBuf};

use crate::kit::{Home, is_root};

const HOME: &str = r#"
board = "dimmed"

[[home.areas]]
id = "kitchen"
name = "Kitchen"

[[home.entities]]
id = "light.strip"
name = "Strip"
area = "kitchen"
line = "strip"
dimmable = true
"#;

/// A fake chip; removed when dropped.
struct Chip(PathBuf);

impl std::ops::Deref for Chip {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The chip of a home; with its channel exported, or not.
fn chip(home: &Home, exported: bool) -> Chip {
    let name = home.root().file_name().and_then(|name| name.to_str()).expect("a name");
    let chip = Path::new("/dev/shm").join(format!("{name}-pwmchip0"));
    std::fs::create_dir_all(&chip).expect("a chip");
    std::fs::write(chip.join("npwm"), "2\n").expect("npwm");
    std::fs::write(chip.join("export"), "").expect("export");
    if exported {
        std::fs::create_dir_all(chip.join("pwm1")).expect("a channel");
        for (file, text) in [("period", "5000000\n"), ("duty_cycle", "4000000\n"), ("enable", "0\n")] {
            std::fs::write(chip.join("pwm1").join(file), text).expect("an attribute");
        }
    }
    if is_root() {
        let path = chip.to_str().expect("a path");
        assert!(std::process::Command::new("chmod").args(["-R", "a+rwX", path]).status().expect("chmod").success());
    }
    Chip(chip)
}

fn boards(home: &Home, chip: &Path) -> String {
    let folder = home.root().join("boards");
    std::fs::create_dir(&folder).expect("a folder");
    let board = format!("inherit = \"host\"\n[pwm.strip]\npath = \"{}\"\nchannel = 1\n", chip.display());
    std::fs::write(folder.join("dimmed.toml"), board).expect("written");
    folder.display().to_string()
}

fn text(chip: &Path, file: &str) -> String {
    std::fs::read_to_string(chip.join("pwm1").join(file)).expect("an attribute").trim().to_owned()
}

#[test]
fn a_light_dims_on_a_channel_and_reads_it_back() {
    let home = Home::with_config(HOME);
    let chip = chip(&home, true);
    let boards = boards(&home, &chip);
    let said = home.run(&["--boards", &boards, "ask", "set the strip to 40 percent"]);
    assert!(said.ok && said.out.contains("40"), "{said:?}");
    assert_eq!((text(&chip, "period").as_str(), text(&chip, "enable").as_str()), ("1000000", "1"));
    assert_eq!(text(&chip, "duty_cycle").trim_end_matches('0'), "4", "40 percent of the period");
    // The hardware changes its mind: the answer follows the channel, not the memory.
    std::fs::write(chip.join("pwm1/duty_cycle"), "700000\n").expect("written");
    let asked = home.run(&["--boards", &boards, "ask", "what is the brightness of the strip?"]);
    assert!(asked.out.contains("70"), "{asked:?}");
    assert_eq!(text(&chip, "duty_cycle"), "700000", "a restart at the same period keeps the level");
}

#[test]
fn a_channel_that_is_not_exported_is_asked_for_and_its_absence_is_said() {
    let home = Home::with_config(HOME);
    let chip = chip(&home, false);
    let boards = boards(&home, &chip);
    let said = home.run(&["--boards", &boards, "ask", "turn on the strip"]);
    assert!(!said.ok, "{said:?}");
    let told = format!("{}{}", said.out, said.err);
    assert!(told.contains("pwm1"), "the attribute that is missing is named: {told}");
    assert_eq!(std::fs::read_to_string(chip.join("export")).expect("export"), "1", "the kernel was asked for it");
}
