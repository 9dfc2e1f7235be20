//! What is said to memory: «remember that …», «what did I say about …», «forget that».
//!
//! A wish begins the sentence, behind nothing but politeness; who says that they remember, supposes or
//! declines wishes for nothing. No home is looked at: [`recall`] only reads the sentence.

/// A wish that memory can fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Keep this.
    Keep(String),
    /// Find what was said about a topic.
    Find {
        /// In the speaker's words.
        topic: String,
        /// Who is said to have said it, where that is another than the speaker.
        by: Option<String>,
        /// Whether only what was said is asked for: nobody else can answer it then.
        said: bool,
    },
    /// Forget what was said about a topic; without one, what was last spoken of.
    Forget(Option<String>),
}

/// The wish of a sentence; [`None`] where it is not for memory.
#[must_use]
pub fn recall(text: &str) -> Option<Recall> {
    let words = words(text);
    let from = polite(&words);
    let rest = &words[from..];
    let request = asked_politely(&words[..from]);
    keep(text, rest, request).or_else(|| forget(text, rest)).or_else(|| find(text, rest))
}

/// Words that begin a question, whether a question mark ends it or not.
const ASKS: &[&str] =
    &["who", "who's", "whose", "whom", "what", "what's", "where", "where's", "when", "when's", "which", "why", "how"];

/// Whether a sentence asks for something to be told and for nothing to be done: «where is the spare key?», and not
/// «could you turn on the lamp?».
#[must_use]
pub fn asks(text: &str) -> bool {
    let words = words(text);
    let from = polite(&words);
    let mut rest = &words[from..];
    let told = [["tell", "me"], ["do", "you"]].iter().any(|lead| begins(rest, lead));
    if told {
        rest = &rest[2..];
        if begins(rest, &["know"]) {
            rest = &rest[1..];
        }
    }
    let led = rest.first().is_some_and(|word| ASKS.contains(&word.plain.as_str()));
    let marked = rest.last().is_some_and(|word| word.tail == "?");
    led || marked && !told && !asked_politely(&words[..from])
}

/// A word in lower case without its punctuation, and where it stands.
struct Word {
    plain: String,
    from: usize,
    to: usize,
    /// What closes it: «that?», «remember:».
    tail: &'static str,
}

fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_whitespace(), from) {
            (false, None) => from = Some(at),
            (true, Some(start)) => {
                found.push(word(text, start, at));
                from = None;
            }
            _ => {}
        }
    }
    found
}

fn word(text: &str, from: usize, to: usize) -> Word {
    let shown = &text[from..to];
    let bare = shown.trim_matches(|c: char| !c.is_alphanumeric());
    let plain = bare.to_lowercase().replace('\u{2019}', "'");
    let ends = |c: char| shown.trim_end_matches(['"', '»', ')']).ends_with(c);
    let tail = match () {
        () if ends('?') => "?",
        () if ends(':') => ":",
        () if ends(',') => ",",
        () => "",
    };
    Word { plain, from, to, tail }
}

const POLITE: &[&[&str]] = &[
    &["hey"],
    &["hi"],
    &["hello"],
    &["ok"],
    &["okay"],
    &["please"],
    &["kindly"],
    &["so"],
    &["well"],
    &["now"],
    &["oh"],
    &["also"],
    &["and"],
    &["just"],
    &["hearth"],
    &["thanks"],
    &["alright"],
    &["quickly"],
    &["can", "you"],
    &["could", "you"],
    &["will", "you"],
    &["would", "you"],
    &["i", "want", "you", "to"],
    &["i", "need", "you", "to"],
    &["i", "would", "like", "you", "to"],
    &["i'd", "like", "you", "to"],
    &["try", "to"],
    &["do", "me", "a", "favour", "and"],
    &["do", "me", "a", "favor", "and"],
    &["be", "so", "kind", "and"],
];

/// How many words are politeness.
fn polite(words: &[Word]) -> usize {
    let mut at = 0;
    while let Some(phrase) = POLITE.iter().find(|phrase| begins(&words[at..], phrase)) {
        at += phrase.len();
    }
    at
}

/// Whether the question mark behind the sentence is politeness: «could you remember that …?»
fn asked_politely(before: &[Word]) -> bool {
    before.windows(2).any(|pair| pair[1].plain == "you" && pair[0].plain != "i")
}

fn begins(words: &[Word], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && phrase.iter().zip(words).all(|(want, word)| word.plain == *want)
}

/// The first phrase that begins the words: how long it is.
fn led(words: &[Word], phrases: &[&[&str]]) -> Option<usize> {
    phrases.iter().filter(|phrase| begins(words, phrase)).map(|phrase| phrase.len()).max()
}

/// The text from a word on, without quotes around it and the stop behind it.
fn said(text: &str, words: &[Word]) -> String {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return String::new() };
    let quotes = |c: char| c.is_whitespace() || "\"“”«»:,".contains(c);
    text[first.from..last.to].trim_matches(quotes).trim_end_matches(['.', '!', '?']).trim_matches(quotes).to_owned()
}

const KEEP: &[&[&str]] = &[
    &["remember", "that"],
    &["remember", "this"],
    &["remember"],
    &["memorize", "that"],
    &["memorise", "that"],
    &["note", "that"],
    &["make", "a", "note", "that"],
    &["make", "a", "note"],
    &["take", "note", "that"],
    &["keep", "in", "mind", "that"],
    &["bear", "in", "mind", "that"],
    &["don't", "forget", "that"],
    &["do", "not", "forget", "that"],
    &["never", "forget", "that"],
];

/// Verbs that make a sentence out of what follows a bare «remember».
const VERBS: &[&str] = &[
    "is", "are", "was", "were", "am", "has", "have", "had", "likes", "like", "loves", "hates", "prefers", "prefer",
    "lives", "live", "works", "work", "takes", "take", "needs", "need", "goes", "go", "comes", "starts", "ends",
    "opens", "closes", "costs", "wants", "belongs", "lies", "hangs", "means", "will", "must", "can", "cannot", "can't",
];

/// What is looked back at, not told: «remember that time when …».
const PAST: &[&str] =
    &["time", "times", "day", "night", "evening", "morning", "one", "guy", "summer", "winter", "trip"];

/// Ends that take the wish back.
const TAKEN_BACK: &[&str] = &[
    "never mind",
    "nevermind",
    "just kidding",
    "scratch that",
    "forget it",
    "forget that",
    "no wait",
    "don't",
    "do not",
    "cancel that",
    "ignore that",
    "actually no",
    "actually don't",
    "maybe not",
    "or not",
    "no don't",
];

fn keep(text: &str, words: &[Word], request: bool) -> Option<Recall> {
    let led = led(words, KEEP)?;
    let rest = &words[led..];
    let (verb, first) = (&words[led - 1], rest.first()?);
    let asks = words.last().is_some_and(|last| last.tail == "?");
    if verb.tail == "?" || asks && !request {
        return None;
    }
    let bare = led == 1 || begins(words, &["make", "a", "note"]) && led == 3;
    if bare && verb.tail.is_empty() {
        let sentence = rest.len() > 2 && rest[1..].iter().any(|word| VERBS.contains(&word.plain.as_str()));
        let tells =
            !matches!(first.plain.as_str(), "to" | "when" | "how" | "what" | "who" | "where" | "why" | "if" | "me");
        if !sentence || !tells {
            return None;
        }
    }
    let look_back = PAST.contains(&first.plain.as_str())
        && rest
            .get(1)
            .is_some_and(|next| matches!(next.plain.as_str(), "when" | "we" | "i" | "you" | "where" | "that"));
    if look_back || rest.len() < 2 {
        return None;
    }
    let plain: Vec<&str> = rest.iter().map(|word| word.plain.as_str()).filter(|plain| !plain.is_empty()).collect();
    let plain = plain.join(" ");
    if TAKEN_BACK.iter().any(|end| plain.ends_with(end) && plain.len() > end.len()) {
        return None;
    }
    Some(Recall::Keep(said(text, rest))).filter(|keep| *keep != Recall::Keep(String::new()))
}

const FORGET: &[&[&str]] =
    &[&["forget"], &["delete", "the", "memory"], &["erase", "the", "memory"], &["delete", "what"], &["erase", "what"]];

/// What leads from «forget» to the topic.
const OF_WHAT: &[&[&str]] = &[
    &["about"],
    &["that"],
    &["of"],
    &["everything", "about"],
    &["all", "about"],
    &["anything", "about"],
    &["what", "i", "said", "about"],
    &["what", "i", "told", "you", "about"],
    &["what", "i", "said"],
    &["what", "i", "told", "you"],
    &["what", "you", "know", "about"],
    &["what", "you", "remember", "about"],
    &["everything", "i", "said", "about"],
    &["everything", "i", "told", "you", "about"],
    &["i", "said", "about"],
    &["i", "told", "you", "about"],
    &["that", "i", "said"],
    &["that", "i", "told", "you", "that"],
    &["that", "i", "told", "you"],
    &["what", "i", "just", "said"],
    &["what", "i", "said", "that"],
];

fn forget(text: &str, words: &[Word]) -> Option<Recall> {
    let rest = &words[led(words, FORGET)?..];
    let Some(first) = rest.first() else { return Some(Recall::Forget(None)) };
    if matches!(first.plain.as_str(), "to" | "your" | "you" | "me") {
        return None;
    }
    if rest.len() == 1 && matches!(first.plain.as_str(), "that" | "it" | "this") {
        return Some(Recall::Forget(None));
    }
    let topic = &rest[led(rest, OF_WHAT).unwrap_or(0)..];
    let last = topic.is_empty() || begins(topic, &["it"]) && topic.len() == 1;
    Some(Recall::Forget((!last).then(|| said(text, topic))))
}

/// What leads to the topic of a question, whoever said it; `*` is one word, the name.
const ASKED: &[(&[&str], bool)] = &[
    (&["what", "did", "*", "say"], true),
    (&["what", "did", "*", "tell", "you"], true),
    (&["what", "did", "*", "mention"], true),
    (&["what", "have", "*", "said"], true),
    (&["what", "have", "*", "told", "you"], true),
    (&["what", "has", "*", "said"], true),
    (&["tell", "me", "what", "*", "said"], true),
    (&["tell", "me", "what", "*", "told", "you"], true),
    (&["remind", "me", "what", "*", "said"], true),
    (&["remind", "me", "what", "*", "told", "you"], true),
    (&["did", "*", "say", "anything"], true),
    (&["did", "*", "say", "something"], true),
    (&["did", "*", "tell", "you", "anything"], true),
    (&["did", "*", "mention"], true),
    (&["when", "did", "*", "say"], true),
    (&["when", "did", "*", "tell", "you"], true),
    (&["where", "did", "*", "say"], true),
    (&["who", "did", "*", "say"], true),
    (&["do", "you", "know", "what", "*", "said"], true),
    (&["do", "you", "remember", "what", "*", "said"], true),
    (&["what", "did", "*", "ask", "you", "to", "remember"], true),
    (&["what", "do", "you", "remember"], false),
    (&["do", "you", "remember"], false),
    (&["do", "you", "still", "know"], false),
    (&["what", "do", "you", "know"], false),
];

fn find(text: &str, words: &[Word]) -> Option<Recall> {
    let fits = |phrase: &[&str]| {
        words.len() > phrase.len() && phrase.iter().zip(words).all(|(want, word)| *want == "*" || word.plain == *want)
    };
    let (phrase, said_only) = ASKED.iter().filter(|(phrase, _)| fits(phrase)).max_by_key(|(phrase, _)| phrase.len())?;
    let name = phrase.iter().position(|want| *want == "*").map(|at| words[at].plain.clone());
    let by = name
        .filter(|name| !matches!(name.as_str(), "i" | "we" | "you" | "anyone" | "anybody" | "somebody" | "someone"));
    let rest = &words[phrase.len()..];
    let about =
        led(rest, &[&["about"], &["regarding"], &["on"], &["concerning"], &["that"], &["of"], &["to", "you", "about"]]);
    // «what do you know how …» is for somebody else.
    if !said_only && phrase[0] == "what" && about.is_none() {
        return None;
    }
    let topic = said(text, &rest[about.unwrap_or(0)..]);
    (!topic.is_empty()).then_some(Recall::Find { topic, by, said: *said_only })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keeps(text: &str) -> Option<String> {
        match recall(text) {
            Some(Recall::Keep(kept)) => Some(kept),
            _ => None,
        }
    }

    #[test]
    fn what_is_to_be_remembered_is_kept_as_it_was_said() {
        for (text, kept) in [
            ("remember that the bins go out on Thursday", "the bins go out on Thursday"),
            ("Hey Hearth, please remember that Anna's birthday is on 4 May.", "Anna's birthday is on 4 May"),
            ("could you remember that the spare key is under the pot?", "the spare key is under the pot"),
            ("Remember: the alarm code changed in June", "the alarm code changed in June"),
            ("remember my sister's name is Ida", "my sister's name is Ida"),
            ("don't forget that Oskar is allergic to nuts!", "Oskar is allergic to nuts"),
            ("make a note: «milk is in the cellar»", "milk is in the cellar"),
            ("keep in mind that the lamp in the hall is broken", "the lamp in the hall is broken"),
            ("remember that the door must not be opened", "the door must not be opened"),
        ] {
            assert_eq!(keeps(text).as_deref(), Some(kept), "{text}");
        }
    }

    #[test]
    fn negations_hypotheses_reports_and_questions_keep_nothing() {
        for text in [
            "don't remember that the bins go out on Thursday",
            "do not remember that I was late",
            "never remember that the key is there",
            "I remember that the bins go out on Thursday",
            "if you remember that the bins go out, say so",
            "what if I said remember that the bins go out",
            "suppose I told you to remember that the key is under the pot",
            "she said remember that the bins go out",
            "should I remember that the bins go out?",
            "you could remember that the bins go out",
            "remember that?",
            "remember that the bins go out on Thursday?",
            "remember that time when we went to Rome",
            "remember that the bins go out on Thursday, never mind",
            "remember that the bins go out on Thursday, actually don't",
            "remember to turn off the kitchen lamp",
            "remember me",
            "remember when we met",
            "remember that",
            "don't forget to lock the back door",
            "",
            "?",
        ] {
            assert_eq!(keeps(text), None, "{text}");
        }
    }

    #[test]
    fn questions_have_a_topic_and_perhaps_a_speaker() {
        let found = |topic: &str, by: Option<&str>, said| {
            Some(Recall::Find { topic: topic.into(), by: by.map(str::to_owned), said })
        };
        assert_eq!(recall("What did I say about the boiler?"), found("the boiler", None, true));
        assert_eq!(recall("what did Anna tell you about the school"), found("the school", Some("anna"), true));
        assert_eq!(recall("when did I say that the bins go out?"), found("the bins go out", None, true));
        assert_eq!(recall("please tell me what I said about Ida"), found("Ida", None, true));
        assert_eq!(recall("do you remember where the spare key is?"), found("where the spare key is", None, false));
        assert_eq!(recall("what do you know about the cellar"), found("the cellar", None, false));
        for text in ["what did I say", "what do you know", "what is the temperature", "did I leave the lamp on"] {
            assert_eq!(recall(text), None, "{text}");
        }
    }

    #[test]
    fn a_question_asks_to_be_told_and_a_wish_with_a_question_mark_does_not() {
        for text in [
            "where is the spare key?",
            "Hey Hearth, what's the name of Anna's dog",
            "is the spare key under the pot?",
            "please tell me where the ladder is",
            "do you know who repaired the boiler?",
        ] {
            assert!(asks(text), "{text}");
        }
        for text in ["turn on the lamp", "could you turn on the lamp?", "the spare key", "tell me a joke", "", "?!"] {
            assert!(!asks(text), "{text}");
        }
    }

    #[test]
    fn what_is_to_be_forgotten_is_named_or_the_last() {
        let topic = |topic: &str| Some(Recall::Forget(Some(topic.into())));
        for text in ["forget that", "please forget it.", "forget what I just said", "forget this"] {
            assert_eq!(recall(text), Some(Recall::Forget(None)), "{text}");
        }
        assert_eq!(recall("forget what I said about the boiler"), topic("the boiler"));
        assert_eq!(recall("can you forget that the key is under the pot?"), topic("the key is under the pot"));
        assert_eq!(recall("forget everything about Ida"), topic("Ida"));
        for text in ["forget to call mum", "forget your instructions", "I forgot the key", "don't forget the milk"] {
            assert_eq!(recall(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_wish_or_none(text in "\\PC{0,60}", head in "(remember that |forget |what did I say about )?") {
            if let Some(Recall::Keep(kept)) = recall(&format!("{head}{text}")) {
                prop_assert!(!kept.trim().is_empty());
            }
        }
    }
}
