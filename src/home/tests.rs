//! Homes read, planned and observed.

use serde_json::json;

use super::{Call, Command, Home, LineValue, Tier};

fn wired() -> Home {
    Home::from_json(&json!({"entities": [
        {"id": "light.a", "name": "A", "line": "relay1", "active_low": true},
        {"id": "light.b", "name": "B", "line": "pwm0", "dimmable": true},
        {"id": "sensor.t", "name": "T", "line": "adc0", "unit": "°C", "scale": 0.1},
        {"id": "lock.c", "name": "C"}
    ]}))
    .unwrap()
}

fn lines(home: &Home, command: Command, id: &str) -> Vec<Option<(String, LineValue)>> {
    let call = Call { command, targets: vec![home.find(id).unwrap()] };
    home.plan(&call).steps.into_iter().map(|s| s.line).collect()
}

#[test]
fn a_plan_gives_the_line_its_value_and_observing_it_makes_it_true() {
    let mut home = wired();
    let relay = |high| vec![Some(("relay1".to_owned(), LineValue::Level(high)))];
    assert_eq!(lines(&home, Command::TurnOn, "light.a"), relay(false));
    assert_eq!(lines(&home, Command::TurnOff, "light.a"), relay(true));
    let pwm = |p| vec![Some(("pwm0".to_owned(), LineValue::Percent(p)))];
    assert_eq!(lines(&home, Command::Brightness(40.0), "light.b"), pwm(40));
    assert_eq!(lines(&home, Command::TurnOn, "light.b"), pwm(100));

    let a = home.find("light.a").unwrap();
    let changes = home.observe(a, LineValue::Level(false));
    assert_eq!((changes.len(), home.entity(a).unwrap().state.as_str()), (1, "on"));
    assert!(home.observe(a, LineValue::Level(false)).is_empty());
    let t = home.find("sensor.t").unwrap();
    home.observe(t, LineValue::Number(215.0));
    assert_eq!(home.entity(t).unwrap().state, "21.5");
    let c = home.find("lock.c").unwrap();
    assert!(home.observe(c, LineValue::Level(true)).is_empty());
}

#[test]
fn what_an_entity_cannot_do_is_declined_and_locks_are_guarded() {
    let home = wired();
    let call = |command, id: &str| Call { command, targets: vec![home.find(id).unwrap()] };
    let plan = home.plan(&call(Command::Brightness(10.0), "light.a"));
    assert_eq!((plan.steps.len(), plan.declined[0].why.as_str()), (0, "cannot do that"));
    assert_eq!(home.plan(&call(Command::TurnOff, "lock.c")).tier(), Tier::Guarded);
}

#[test]
fn every_fault_of_a_file_is_reported_with_its_place() {
    let faults = Home::from_json(&json!({
        "entitys": [],
        "areas": [{"name": "Kitchen"}, {"name": ""}],
        "entities": [
            {"id": "lihgt.a", "name": "A"},
            {"id": "light.b", "name": "B", "aera": "Kitchen"},
            {"id": "light.c", "name": "C", "area": "Kitchn"},
            {"id": "light.d", "name": "D", "active_low": true},
            {"id": "light.e", "name": "E", "line": "a b"},
            {"id": "light.e2", "capabilities": ["brigthness", "tilt"]}
        ]
    }))
    .unwrap_err();
    let all = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for part in [
        "unknown key `entitys`; did you mean `entities`?",
        "areas[1].name: must not be empty",
        "entities[0].id: unknown kind `lihgt`; did you mean `light`?",
        "entities[1].aera: unknown key `aera`; did you mean `area`?",
        "entities[2].area: no area is called `Kitchn`; did you mean `Kitchen`?",
        "entities[3].active_low: `active_low` needs a `line`",
        "entities[4].line",
        "entities[5].capabilities[0]: unknown capability `brigthness`; did you mean `brightness`?",
        "entities[5].capabilities[1]: a light has no `tilt`",
    ] {
        assert!(all.contains(part), "{part}\n---\n{all}");
    }
}

#[test]
fn toml_and_json_say_the_same() {
    let toml = "[[areas]]\nname = \"Hall\"\n[[entities]]\nid = \"light.x\"\nname = \"X\"\narea = \"Hall\"\n";
    let a = Home::from_toml(toml).unwrap();
    let b = Home::from_json(&json!({"areas": [{"name": "Hall"}],
        "entities": [{"id": "light.x", "name": "X", "area": "Hall"}]}))
    .unwrap();
    assert_eq!(a.entities, b.entities);
    assert!(Home::from_toml("nonsense").is_err());
}

/// The keys of an object in the schema.
fn keys(schema: &serde_json::Value, path: &str) -> Vec<String> {
    let mut keys: Vec<String> =
        schema.pointer(path).unwrap()["properties"].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

#[test]
fn the_schema_has_the_keys_kinds_and_capabilities_of_the_loader() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../schemas/home.schema.json")).unwrap();
    let sorted = |keys: &[&str]| {
        let mut keys: Vec<String> = keys.iter().map(|k| (*k).to_owned()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&schema, ""), sorted(super::load::KEYS));
    assert_eq!(keys(&schema, "/properties/entities/items"), sorted(super::load_entity::KEYS));
    assert_eq!(keys(&schema, "/properties/timers/items"), sorted(super::load::TIMER_KEYS));
    let entity = &schema["properties"]["entities"]["items"]["properties"];
    let kinds = super::Kind::ALL.iter().map(|k| k.word()).chain(super::kind::NICKNAMES.iter().map(|n| n.0));
    assert_eq!(entity["kind"]["enum"], json!(kinds.collect::<Vec<_>>()));
    let capabilities: Vec<&str> = super::Capability::ALL.iter().map(|c| c.word()).collect();
    assert_eq!(entity["capabilities"]["items"]["enum"], json!(capabilities));
}
