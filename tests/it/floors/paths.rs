//! Which top-level modules a source file names: `crate::x`, `crate::{x, y}`, `super::…` past the top.
//!
//! A path counts wherever it stands, in code, in a `use`, in a test module or in a macro.

use std::collections::BTreeSet;

use super::lex::{Word, words};

/// The top-level modules named in `source`, a file that is the module `place` (`["base", "id"]`).
pub(crate) fn named(place: &[String], source: &str) -> BTreeSet<String> {
    let words = words(source);
    let mut found = BTreeSet::new();
    let mut depth = 0;
    // Brace depths at which an inline `mod x {` stands open: there `super` is one level nearer.
    let mut inline: Vec<usize> = Vec::new();
    for at in 0..words.len() {
        match &words[at] {
            Word::Mark('{') => {
                depth += 1;
                if at >= 2 && words[at - 2].is("mod") {
                    inline.push(depth);
                }
            }
            Word::Mark('}') => {
                if inline.last() == Some(&depth) {
                    inline.pop();
                }
                depth = depth.saturating_sub(1);
            }
            Word::Name(name) if name == "crate" => take(&words, at + 1, &mut found),
            Word::Name(name) if name == "super" && !follows_super(&words, at) => {
                let (ups, end) = climb(&words, at);
                if ups >= place.len() + inline.len() {
                    take(&words, end, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

fn follows_super(words: &[Word], at: usize) -> bool {
    at >= 3 && words[at - 3].is("super") && separated(words, at - 2)
}

fn separated(words: &[Word], at: usize) -> bool {
    words.get(at).is_some_and(|word| word.mark(':')) && words.get(at + 1).is_some_and(|word| word.mark(':'))
}

/// How many `super::` follow each other from `at`, and the place after the last `super`.
fn climb(words: &[Word], at: usize) -> (usize, usize) {
    let mut ups = 1;
    let mut end = at + 1;
    while separated(words, end) && words.get(end + 2).is_some_and(|word| word.is("super")) {
        ups += 1;
        end += 3;
    }
    (ups, end)
}

/// The first name, or names in braces, after the `::` at `at`.
fn take(words: &[Word], at: usize, found: &mut BTreeSet<String>) {
    if !separated(words, at) {
        return;
    }
    match words.get(at + 2) {
        Some(Word::Name(name)) => {
            found.insert(name.clone());
        }
        Some(Word::Mark('{')) => take_group(words, at + 3, found),
        // `crate::*` names everything: no floor has it on a lower row.
        Some(Word::Mark('*')) => {
            found.insert("*".to_owned());
        }
        _ => {}
    }
}

fn take_group(words: &[Word], from: usize, found: &mut BTreeSet<String>) {
    let mut depth = 1;
    let mut first = true;
    for word in &words[from..] {
        match word {
            Word::Mark('{') => depth += 1,
            Word::Mark('}') => depth -= 1,
            Word::Mark(',') if depth == 1 => first = true,
            Word::Name(name) if depth == 1 && first => {
                found.insert(name.clone());
                first = false;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let place = ["low".to_owned(), "file".to_owned()];
    let see = |source: &str| named(&place, source).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(see("use crate::a::b;"), "a");
    assert_eq!(see("use crate::{a, b::{c, d}, e as f};"), "a b e");
    assert_eq!(see("fn f() { crate::a::g() }"), "a");
    assert_eq!(see("macro_rules! m { () => { $crate::a::g() } }"), "a");
    assert_eq!(see("pub(crate) fn f() {} pub(in crate::a) fn g() {}"), "a");
    assert_eq!(see("use super::a; use super::super::b::c;"), "b");
    assert_eq!(see("use super::super::{b, c};"), "b c");
    assert_eq!(
        see("mod tests { use super::super::a; use super::super::super::b; } fn f() { super::super::c() }"),
        "b c"
    );
    assert_eq!(see("use crate::*;"), "*");
    assert_eq!(see("// crate::a\nconst A: &str = \"crate::b\";"), "");
}
