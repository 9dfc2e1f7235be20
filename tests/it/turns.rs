//! Turns of several sessions beside each other: nothing is moved twice by one reading, and order holds.

use std::sync::Arc;

use serde_json::Value;

use crate::kit::Home;

#[test]
fn toggles_of_many_sessions_at_once_each_change_the_lamp() {
    const SESSIONS: usize = 6;
    const EACH: usize = 8;
    let home = Arc::new(Home::new());
    let _service = home.start();
    let speakers: Vec<_> = (0..SESSIONS)
        .map(|number| {
            let home = Arc::clone(&home);
            std::thread::spawn(move || -> Vec<Value> {
                let session = number.to_string();
                let ask = ["ask", "--json", "--session", &session, "/set light.kitchen_lamp toggle"];
                (0..EACH).map(|_| home.run(&ask).json()).collect()
            })
        })
        .collect();
    let answers: Vec<Value> = speakers.into_iter().flat_map(|speaker| speaker.join().expect("spoke")).collect();
    assert_eq!(answers.len(), SESSIONS * EACH);
    let mut on = 0;
    for answer in &answers {
        let changes = answer["detail"]["changes"].as_array().expect("changes");
        assert_eq!(changes.len(), 1, "two turns planned by the same reading: {answer}");
        on += usize::from(changes[0]["to"] == "on");
    }
    assert_eq!(on, SESSIONS * EACH / 2);
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0));
}
