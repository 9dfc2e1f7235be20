//! `hearth board`: what a person sees who looks for a board or adds one.

use crate::kit::Home;

#[test]
fn all_boards_are_listed_and_each_can_be_shown() {
    let home = Home::new();
    let list = home.run(&["board", "list", "--json"]).json();
    let names: Vec<_> = list["boards"].as_array().expect("a list").iter().filter_map(|b| b["name"].as_str()).collect();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/boards")).expect("boards").count();
    assert_eq!(names.len(), files, "each file is a board: {names:?}");
    for name in names {
        let shown = home.run(&["board", "show", name, "--json"]);
        assert!(shown.ok && shown.json()["name"] == name, "{shown:?}");
    }
    let text = home.run(&["board", "show", "rpi5"]);
    assert!(text.out.contains("line GPIO17: pinctrl-rp1 17, digital either"), "{text:?}");
}

#[test]
fn an_unknown_board_is_a_fault_with_a_hint() {
    let told = Home::new().run(&["board", "show", "rpi44"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("no board «rpi44»") && told.err.contains("did you mean «rpi4»?"), "{told:?}");
}

#[test]
fn a_board_is_added_by_a_file_and_its_faults_are_told() {
    let home = Home::new();
    let folder = home.root().join("boards");
    std::fs::create_dir(&folder).expect("a folder");
    let dir = folder.display().to_string();
    std::fs::write(folder.join("mine.toml"), "inherit = \"rpi4\"\ndescription = \"Mine\"\n").expect("written");
    let shown = home.run(&["board", "--boards", &dir, "show", "mine"]);
    assert!(shown.ok && shown.out.contains("line GPIO4: pinctrl-bcm2711 4"), "{shown:?}");
    std::fs::write(folder.join("bad.toml"), "[lines.a]\nchip = 3\n").expect("written");
    let told = home.run(&["board", "--boards", &dir, "list"]);
    assert!(told.code == Some(1) && told.err.contains("bad.toml:2:1: lines.a.chip = 3: must be a name"), "{told:?}");
}
