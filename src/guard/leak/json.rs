//! Values of tools: every text in them is scanned with the name that it stands under.

use serde_json::Value;

use super::{MARK, Policy, clean, find};

/// Deepest nesting that is looked into; what is deeper is taken out whole.
const DEPTH: usize = 64;

/// Replaces what looks like a secret in every text of a value, keys included; how many were found.
pub fn clean_json(value: &mut Value, policy: Policy) -> usize {
    walk(value, None, policy, DEPTH)
}

fn walk(value: &mut Value, name: Option<&str>, policy: Policy, depth: usize) -> usize {
    if depth == 0 {
        *value = Value::String(MARK.to_owned());
        return 1;
    }
    match value {
        Value::String(text) => {
            if let Some(name) = name
                && find(&format!("{name}=\"{}\"", text.lines().next().unwrap_or_default()), policy)
                    .iter()
                    .any(|hit| hit.range.start > name.len())
                && find(text, policy).is_empty()
            {
                *text = MARK.to_owned();
                return 1;
            }
            let found = find(text, policy).len();
            if found > 0 {
                *text = clean(text, policy).into_owned();
            }
            found
        }
        Value::Array(items) => items.iter_mut().map(|item| walk(item, name, policy, depth - 1)).sum(),
        Value::Object(fields) => {
            let leaks = |key: &String| !find(key, policy).is_empty();
            let keys: Vec<String> = fields.keys().filter(|key| leaks(key)).cloned().collect();
            let in_keys = keys.len();
            for (number, key) in keys.iter().enumerate() {
                if let Some(kept) = fields.remove(key) {
                    fields.insert(format!("{MARK} {number}"), kept);
                }
            }
            in_keys + fields.iter_mut().map(|(key, field)| walk(field, Some(key), policy, depth - 1)).sum::<usize>()
        }
        Value::Number(number) => {
            // A card number is no quantity.
            let text = number.to_string();
            let found = find(&text, policy).len();
            if found > 0 {
                *value = Value::String(MARK.to_owned());
            }
            found
        }
        Value::Null | Value::Bool(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_names_and_keys_are_cleaned_and_the_rest_stays() {
        let token = format!("ghp_{}", "abcdefghijklmnopqrstuvwxyz1234567890");
        let mut value = json!({
            "lamp": {"on": true, "level": 40},
            "wifi_password": "correct horse",
            "list": [format!("use {token} now"), 7],
            token.as_str(): "kept",
            "paid": 4_111_111_111_111_111_u64,
        });
        assert_eq!(clean_json(&mut value, Policy::Secrets), 4);
        assert_eq!(value["lamp"], json!({"on": true, "level": 40}));
        assert_eq!(value["wifi_password"], MARK);
        assert_eq!(value["list"], json!([format!("use {MARK} now"), 7]));
        assert_eq!(value["paid"], MARK);
        let text = value.to_string();
        assert!(!text.contains(&token) && text.contains("kept") && !text.contains("horse"), "{text}");
    }

    #[test]
    fn a_value_too_deep_to_look_into_goes_whole() {
        let mut deep = json!("the end");
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert_eq!(clean_json(&mut deep, Policy::Secrets), 1);
        assert!(!deep.to_string().contains("the end"));
    }
}
