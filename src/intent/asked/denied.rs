//! Questions that deny: «isn't the gate open», «which lights are not on», «is nobody home», and statements with a
//! question behind them: «the fence is off, isn't it?».
//!
//! «Yes» and «no» can mean either here, so the answer says what is so. Nothing is ever moved by such a sentence.

use super::answer;
use super::question::{self, Form};
use crate::intent::meant::scene::Scene;
use crate::intent::turn::{Decision, Turn, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// The answer to a question with a denial in it; [`None`] where the sentence is none.
pub(in crate::intent) fn denied(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let first = scan.items.iter().find(|i| i.is(Sense::Is) || !i.idle())?;
    const HEADS: [Sense; 5] = [Sense::Is, Sense::Which, Sense::HowMany, Sense::Who, Sense::Exist];
    if !HEADS.iter().any(|head| first.hits.is_empty() && first.is(*head)) {
        return None;
    }
    // «is somebody home» denies nothing, and is no report either.
    let nobody = |i: &Item| matches!(scan.plain(i).as_str(), "nobody" | "no one" | "somebody" | "someone");
    // «isn't the gate open», where «not the» is also an exception.
    let denies = |i: &Item| i.hits.is_empty() && (i.is(Sense::Not) || nobody(i) || scan.plain(i) == "not the");
    let mut all = scan.items.iter().enumerate().filter(|(_, i)| denies(i));
    let (at, item) = all.next().filter(|_| all.next().is_none())?;
    let text = scan.plain(item);
    let behind_is = scan.items[..at].iter().all(|i| i.is(Sense::Is) || i.idle());
    let mut plain = scan.clone();
    if nobody(item) {
        plain.items[at].senses = vec![Sense::Kind("person")];
    } else {
        plain.items.remove(at);
    }
    if plain.items.iter().any(|i| i.hits.is_empty() && i.is(Sense::Guard)) {
        return None;
    }
    let mut q = question::parse(scene, &plain)?;
    let somebody = text.starts_with("some");
    let none = !text.starts_with("not") && !somebody;
    match q.form {
        _ if none && matches!(q.form, Form::Is | Form::Any) => q.form = Form::Which,
        Form::Is if !q.np.names.is_empty() => {
            q.form = Form::What;
            q.states.clear();
        }
        _ if somebody && matches!(q.form, Form::Is | Form::Any) => q.form = Form::Any,
        // «aren't the lamps on»
        Form::Is | Form::Any if !none && behind_is => {}
        Form::Is | Form::Any | Form::Which | Form::Count if !none && q.looks.is_empty() => {
            q.states = q.states.iter().map(|s| other(*s)).collect::<Option<_>>()?;
        }
        _ => return None,
    }
    answer::answer(scene, &q).filter(|out| out.decision == Decision::Answer)
}

/// The state that is meant by «not» and another.
fn other(sense: Sense) -> Option<Sense> {
    const PAIRS: [(&str, &str); 4] = [("on", "off"), ("open", "closed"), ("locked", "unlocked"), ("home", "not_home")];
    let Sense::State(state) = sense else { return None };
    PAIRS.iter().find_map(|(a, b)| match state {
        s if s == *a => Some(Sense::State(b)),
        s if s == *b => Some(Sense::State(a)),
        _ => None,
    })
}

/// What makes a question of what was stated before it.
const TAGS: &[&[&str]] = &[
    &["is", "not", "it"],
    &["are", "not", "they"],
    &["is", "not", "he"],
    &["is", "not", "she"],
    &["is", "it", "not"],
    &["is", "it"],
    &["are", "they"],
    &["right"],
    &["correct"],
    &["yes"],
    &["no"],
    &["yeah"],
    &["huh"],
    &["eh"],
    &["is", "that", "right"],
    &["is", "that", "so"],
];

/// The answer to a statement that is asked about at its end.
pub(in crate::intent) fn tagged(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let mut words: Vec<&str> = scan.words.iter().map(|w| w.text.as_str()).collect();
    while words.last() == Some(&"?") {
        words.pop();
    }
    let tag = TAGS.iter().filter(|tag| words.ends_with(tag)).max_by_key(|tag| tag.len())?;
    let mut to = words.len() - tag.len();
    // One word makes a question only behind a pause.
    if tag.len() == 1 && to.checked_sub(1).map(|c| words[c]) != Some(",") {
        return None;
    }
    while to > 0 && words[to - 1] == "," {
        to -= 1;
    }
    let is = words[..to].iter().position(|w| matches!(*w, "is" | "are")).filter(|is| *is > 0)?;
    let stated =
        words[..is].iter().chain(&words[is + 1..to]).all(|w| !matches!(*w, "is" | "are" | "if" | "when" | ","));
    if !stated {
        return None;
    }
    // «the gate is not closed, is it»: the truth answers that as well.
    let denied = words.get(is + 1) == Some(&"not");
    let from = is + 1 + usize::from(denied);
    let head = scan.said(0, is);
    let text = format!("{} {} {} {}?", words[is], if denied { "not" } else { "" }, head, scan.said(from, to));
    let out = scene.read(&Turn { text: &text, ..scene.turn.clone() });
    (out.decision == Decision::Answer).then_some(out)
}
