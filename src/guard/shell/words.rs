//! Takes a command apart as a shell would, as far as a judgement needs: steps, words, quotes, pipes.

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// Its words without quotes, prefixes that only run another program left out.
    pub(super) words: Vec<String>,
    /// Where redirections write or read.
    pub(super) files: Vec<String>,
    /// Whether it reads what the step before writes.
    pub(super) piped: bool,
    /// Whether its program is the output of another command.
    pub(super) substituted: bool,
}

/// Programs that run the program that follows them.
const PREFIXES: [&str; 12] =
    ["busybox", "toybox", "env", "nice", "nohup", "time", "exec", "command", "xargs", "setsid", "timeout", "stdbuf"];

/// Words of the shell that a command follows (POSIX.1-2024, XCU 2.4).
const KEYWORDS: [&str; 8] = ["if", "then", "elif", "else", "while", "until", "do", "!"];

impl Step {
    /// The program without its folder, in lower case; empty where there is none.
    pub(super) fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or_default())
    }

    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    pub(super) fn has(&self, any: &[&str]) -> bool {
        self.arguments().any(|word| any.contains(&word))
    }

    pub(super) fn has_flag(&self, short: &[char], long: &[&str]) -> bool {
        let bundled = |word: &str| word.len() > 1 && word.starts_with('-') && !word.starts_with("--");
        self.arguments().any(|word| long.contains(&word) || (bundled(word) && word.contains(short)))
    }

    fn finish(mut self) -> Option<Self> {
        let assigned = |word: &String| word.split_once('=').is_some_and(|(name, _)| name.chars().all(is_name));
        loop {
            match self.words.first() {
                Some(word) if assigned(word) || (KEYWORDS.contains(&word.as_str()) && self.words.len() > 1) => {
                    self.words.remove(0);
                }
                Some(_) if PREFIXES.contains(&self.program()) && self.words.len() > 1 => {
                    self.words.remove(0);
                    // Their flags, and the numbers of these: `timeout 5`, `nice -n 10`.
                    while self
                        .words
                        .first()
                        .is_some_and(|word| word.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
                    {
                        self.words.remove(0);
                    }
                }
                _ => break,
            }
        }
        if let Some(program) = self.words.first_mut() {
            *program = program.to_lowercase();
        }
        (!self.words.is_empty() || !self.files.is_empty() || self.substituted).then_some(self)
    }
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The steps of a command, those inside substitutions and groups as well.
pub(super) fn steps(command: &str) -> Vec<Step> {
    let mut reader = Reader::default();
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, reader.quote) {
            ('\\', None | Some('"')) => {
                if let Some(next) = chars.next().filter(|next| *next != '\n') {
                    reader.letter(next);
                }
            }
            ('\'' | '"', None) => reader.open(c),
            (c, Some(open)) if c == open => reader.quote = None,
            ('$', None | Some('"')) if chars.peek() == Some(&'(') => {
                chars.next();
                reader.substitute();
            }
            ('`', None | Some('"')) => reader.backquote(),
            (c, Some(_)) => reader.letter(c),
            ('(', None) => reader.group(),
            (')', None) => reader.close(),
            (';' | '\n' | '{' | '}' | '&', None) if !reader.in_redirection(c) => reader.step(false),
            ('|', None) => {
                let pipe = chars.peek() != Some(&'|');
                if !pipe {
                    chars.next();
                }
                reader.step(pipe);
            }
            ('>' | '<', None) => reader.redirect(),
            (c, None) if c.is_whitespace() => reader.word(),
            (c, None) => reader.letter(c),
        }
    }
    reader.step(false);
    while !reader.outer.is_empty() {
        reader.close();
    }
    reader.step(false);
    reader.steps
}

#[derive(Default)]
struct Reader {
    steps: Vec<Step>,
    step: Step,
    word: String,
    started: bool,
    to_file: bool,
    quote: Option<char>,
    backquoted: bool,
    /// What goes on behind a closing bracket: a step and its quote, or nothing behind a group.
    outer: Vec<Option<(Step, Option<char>)>>,
}

impl Reader {
    fn letter(&mut self, c: char) {
        self.started = true;
        self.word.push(c);
    }

    fn open(&mut self, quote: char) {
        self.started = true;
        self.quote = Some(quote);
    }

    fn word(&mut self) {
        if !std::mem::take(&mut self.started) {
            return;
        }
        let word = std::mem::take(&mut self.word);
        if std::mem::take(&mut self.to_file) {
            self.step.files.push(word);
        } else {
            self.step.words.push(word);
        }
    }

    /// `2>&1`: the ampersand belongs to the redirection.
    fn in_redirection(&self, c: char) -> bool {
        c == '&' && self.to_file && !self.started
    }

    fn redirect(&mut self) {
        // A number before it is a descriptor, no word.
        if self.word.chars().all(|c| c.is_ascii_digit()) {
            self.word.clear();
            self.started = false;
        }
        self.word();
        self.to_file = true;
    }

    fn backquote(&mut self) {
        self.backquoted = !self.backquoted;
        if self.backquoted { self.substitute() } else { self.close() }
    }

    fn group(&mut self) {
        self.step(false);
        self.outer.push(None);
    }

    fn substitute(&mut self) {
        // Where nothing stands before it, what comes out is the program.
        if self.step.words.is_empty() && !self.started && !self.to_file {
            self.step.substituted = true;
        }
        self.word();
        let outer = (std::mem::take(&mut self.step), self.quote.take());
        self.outer.push(Some(outer));
    }

    fn close(&mut self) {
        self.step(false);
        if let Some(Some((step, quote))) = self.outer.pop() {
            self.step = step;
            self.quote = quote;
            self.started = true;
        }
    }

    fn step(&mut self, pipes_on: bool) {
        self.word();
        self.to_file = false;
        let step = std::mem::take(&mut self.step);
        self.steps.extend(step.finish());
        self.step.piped = pipes_on;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(command: &str) -> Vec<String> {
        steps(command).iter().map(|step| step.program().to_owned()).collect()
    }

    #[test]
    fn a_command_is_taken_apart() {
        assert_eq!(programs("a; b && c || d | e & f\ng"), ["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(programs("X=1 env -i busybox r\\m -rf /"), ["rm"]);
        assert_eq!(programs("timeout -k 1s 5 nice -n 10 rm -rf x"), ["rm"]);
        assert_eq!(programs("if ! a; then b; elif c; then d; else e; fi"), ["a", "b", "c", "d", "e", "fi"]);
        assert_eq!(programs("while a; do X=1 busybox rm -rf x; done"), ["a", "rm", "done"]);
        assert_eq!(programs("echo 'a; b' \"c | d\""), ["echo"]);
        assert_eq!(programs("echo `id` $(who) \"$(ls; pwd) b\""), ["id", "who", "ls", "pwd", "echo"]);
        assert!(steps("$(printf x)").iter().any(|step| step.substituted));
        assert!(steps("a|b")[1].piped && !steps("a||b")[1].piped);
        let redirected = &steps("echo hello >/dev/null 2>&1")[0];
        assert_eq!(redirected.words, ["echo", "hello"]);
        assert_eq!(redirected.files, ["/dev/null", "&1"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken_apart(text in ".{0,200}") {
            let _ = steps(&text);
        }
    }
}
