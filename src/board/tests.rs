//! Tests of the boards: every file loads, checks and opens on fakes; faults name the way out.

use std::path::{Path, PathBuf};

use super::{At, Boards, Kind, State, read_compatible, schema};
use proptest::prelude::{ProptestConfig, any, prop, proptest};

fn boards() -> Boards {
    Boards::embedded().unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn with(files: &[(&str, &str)]) -> Boards {
    let mut boards = boards();
    for (name, text) in files {
        let faults = boards.add(name, text.as_bytes(), &format!("{name}.toml"));
        assert!(faults.is_empty(), "{faults:#?}");
    }
    boards
}

fn told(name: &str, files: &[(&str, &str)]) -> String {
    let faults = with(files).named(name).expect_err("faults");
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn every_board_loads_checks_and_opens_on_fakes() {
    let boards = boards();
    let expected = [
        "generic-aarch64",
        "generic-armv7",
        "generic-riscv64",
        "host",
        "maixcam",
        "maixcam2",
        "qemu-virt",
        "rpi-zero",
        "rpi-zero2w",
        "rpi3",
        "rpi4",
        "rpi5",
    ];
    assert_eq!(boards.names().collect::<Vec<_>>(), expected);
    for name in expected {
        let board = boards.named(name).unwrap_or_else(|faults| panic!("{name}: {faults:#?}"));
        assert!(!board.description.is_empty(), "{name} says what it is");
        let root = std::env::temp_dir().join(format!("hearth-board-{name}-{}", std::process::id()));
        let label = |path: &Path| std::fs::read_to_string(path).ok();
        let before = board.nodes(&root, label);
        assert!(before.iter().all(|n| matches!(n.state, State::Missing(_) | State::Simulated)), "{name}: {before:#?}");
        fake(&root, &board);
        let after = board.nodes(&root, label);
        assert!(after.iter().all(|node| !matches!(node.state, State::Missing(_))), "{name}: {after:#?}");
        let watchdog = after.iter().find(|node| node.key == "watchdog");
        assert!(watchdog.is_none_or(|node| node.state == State::Present), "opening a watchdog starts it");
        std::fs::remove_dir_all(&root).unwrap_or_default();
    }
}

fn fake(root: &Path, board: &super::Board) {
    let file = |path: PathBuf, text: &str| {
        let path = root.join(path.strip_prefix("/").expect("absolute"));
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("file");
    };
    // The numbers are not in the board's order: a board that went by number would not pass.
    for (number, chip) in board.chips.values().rev().enumerate() {
        file(format!("/dev/gpiochip{}", number + 7).into(), &chip.label);
    }
    for map in [&board.i2c, &board.spi, &board.uarts, &board.leds] {
        map.values().for_each(|path| file(path.clone(), ""));
    }
    board.pwm.values().for_each(|pwm| file(pwm.path.join("npwm"), "2"));
    board.watchdog.iter().for_each(|watchdog| file(watchdog.path.clone(), ""));
}

#[test]
fn the_demo_home_finds_its_lines_on_the_default_board() {
    let board = boards().detect(None, "x86_64").expect("default");
    assert_eq!(board.name, "host");
    let lamp = board.line("bedroom_lamp").expect("line");
    assert!(lamp.chip.simulated && lamp.kind == Kind::Pwm);
    assert_eq!(board.line("kitchen_lamp").expect("line").at, At::Offset(0));
    assert_eq!(board.line("kitchen_temperature").expect("line").kind, Kind::Reading);
    assert_eq!(board.line("absent"), None);
    assert_eq!(board.nearest_line("kitchen_lmap").as_deref(), Some("kitchen_lamp"));
}

#[test]
fn a_child_keeps_what_it_does_not_say_and_its_parents_identity_is_not_its_own() {
    let boards = boards();
    let (three, five) = (boards.named("rpi3").expect("good"), boards.named("rpi5").expect("good"));
    assert_eq!(five.line("GPIO17").expect("line").at, At::Offset(17));
    assert_eq!(five.line("GPIO17").expect("line").chip.label, "pinctrl-rp1");
    assert_eq!((three.chips["header"].lines, &three.watchdog), (54, &five.watchdog));
    assert!(!five.compatible.iter().any(|word| three.compatible.contains(word)));
}

#[test]
fn the_device_tree_finds_the_board() {
    let boards = boards();
    let name = |bytes: Option<&[u8]>, arch| boards.detect(bytes, arch).expect("a board").name;
    assert_eq!(name(Some(b"raspberrypi,4-model-b\0brcm,bcm2711\0"), "aarch64"), "rpi4");
    assert_eq!(name(Some(b"linux,dummy-virt\0"), "aarch64"), "qemu-virt");
    assert_eq!(name(Some(b"acme,new\0acme,soc\0"), "aarch64"), "generic-aarch64");
    assert_eq!(name(Some(b"acme,new\0\xff\xfe\0"), "arm"), "generic-armv7");
    assert_eq!(name(Some(b""), "x86_64"), "host");
    assert_eq!(name(None, "aarch64"), "host");
    let root = std::env::temp_dir().join(format!("hearth-tree-{}", std::process::id()));
    assert_eq!(read_compatible(&root), None);
    std::fs::create_dir_all(root.join("proc/device-tree")).expect("folder");
    std::fs::write(root.join("proc/device-tree/compatible"), vec![b'a'; 100_000]).expect("file");
    assert_eq!(read_compatible(&root).map(|bytes| bytes.len()), Some(4096));
    std::fs::remove_dir_all(root).expect("clean");
}

#[test]
fn faults_name_file_key_value_line_and_hint() {
    assert!(told("rpi44", &[]).contains("no board «rpi44»; see hearth board list (did you mean «rpi4»?)"));
    let mine = "inherit = \"rpi3\"\n[lines]\na = { chip = \"heeder\", offset = 2 }\nb = { chip = \"header\", offset = 54 }\nc = { chip = \"header\", offset = 17 }\nd = { chip = \"header\" }\n";
    let told_mine = told("mine", &[("mine", mine)]);
    for part in [
        "mine.toml:3:7: lines.a.chip = \"heeder\": no chip «heeder» on this board (did you mean «header»?)",
        "mine.toml:4:24: lines.b.offset = 54: 54 is beyond the chip's 54 lines",
        "the same line as «GPIO17»",
        "mine.toml:6:1: lines.d = a table: needs either offset or kernel_name, not both",
    ] {
        assert!(told_mine.contains(part), "{part} in\n{told_mine}");
    }
    let mut boards = boards();
    let faults =
        boards.add("x", b"inherti = \"rpi3\"\n[memory]\nbudget_mb = 1\n[uarts.a]\npath = \"/etc/passwd\"\n", "x.toml");
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [Some(1), Some(3), Some(5)], "{faults:#?}");
    assert_eq!(faults[0].did_you_mean.as_deref(), Some("inherit"));
}

#[test]
fn a_reading_stands_on_a_bus_of_the_board_under_a_name_of_its_own() {
    let text = |name: &str, bus: &str| {
        format!("inherit = \"rpi3\"\n[readings.{name}]\ni2c = \"{bus}\"\naddress = 0x48\nregister = 0\n")
    };
    let board = with(&[("a", &text("warmth", "header"))]).named("a").expect("good");
    let reading = &board.readings["warmth"];
    assert_eq!((reading.bus.as_path(), reading.address), (Path::new("/dev/i2c-1"), 0x48));
    assert!(told("a", &[("a", &text("warmth", "heeder"))]).contains("no I2C bus «heeder» on this board (did you mean"));
    assert!(told("a", &[("a", &text("GPIO17", "header"))]).contains("has this name already"));
    let faults = Boards::default().add("x", b"[readings.a]\ni2c = \"b\"\naddress = 0x78\nregister = 0\n", "x.toml");
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [Some(3)], "{faults:#?}");
}

#[test]
fn inheritance_that_never_ends_is_refused() {
    assert!(told("a", &[("a", "inherit = \"b\""), ("b", "inherit = \"a\"")]).contains("inherits itself: a → b → a"));
    assert!(
        told("a", &[("a", "inherit = \"rpi33\"")])
            .contains("a.toml:1:1: inherit = \"rpi33\": no such board (did you mean «rpi3»?)")
    );
    let names: Vec<_> = (0..20).map(|n| (format!("b{n}"), format!("inherit = \"b{}\"", n + 1))).collect();
    let files: Vec<_> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert!(told("b0", &files).contains("more than 8 boards"));
}

#[test]
fn a_folder_of_boards_overrides_and_a_broken_file_in_it_breaks_nothing_else() {
    let dir = std::env::temp_dir().join(format!("hearth-boards-{}", std::process::id()));
    let mut boards = boards();
    assert!(boards.load_dir(&dir).is_empty());
    std::fs::create_dir_all(&dir).expect("folder");
    std::fs::write(dir.join("mine.toml"), "inherit = \"rpi3\"\ncompatible = [\"acme,mine\"]\n").expect("file");
    std::fs::write(dir.join("host.toml"), "description = ").expect("file");
    std::fs::write(dir.join("-x.toml"), "").expect("file");
    let faults = boards.load_dir(&dir);
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert_eq!(boards.detect(Some(b"acme,mine\0"), "arm").expect("good").name, "mine");
    assert!(boards.named("host").is_ok());
    std::fs::remove_dir_all(dir).expect("clean");
}

#[test]
fn the_schema_on_disk_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/board.schema.json");
    let old = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(old, format!("{:#}\n", schema()), "renew it: hearth board schema > schemas/board.schema.json");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_bytes_are_a_board_or_faults(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut boards = Boards::default();
        if boards.add("x", &bytes, "x.toml").is_empty() {
            let _ = boards.named("x");
        }
        let _ = boards.detect(Some(&bytes), "arm");
    }

    #[test]
    fn any_line_is_a_board_or_faults(chip in "[a-c]", offset in -2_i64..70, kind in "(digital|pwm|reading|x)") {
        let mut boards = Boards::default();
        let text = format!("[memory]\nbudget_mb=9\n[chips.a]\nlabel=\"l\"\nlines=8\n[lines.x]\nchip=\"{chip}\"\noffset={offset}\nkind=\"{kind}\"\n");
        let good = boards.add("x", text.as_bytes(), "x").is_empty() && boards.named("x").is_ok();
        assert_eq!(good, chip == "a" && (0..8).contains(&offset) && kind == "digital");
    }
}
