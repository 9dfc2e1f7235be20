//! Arithmetic: a recursive-descent parser over + - * / % ^ and parentheses, bounded in depth.

use crate::base::{Code, Fault};

/// Deepest nesting of parentheses, signs and powers.
const DEPTH: usize = 64;

/// The value of an expression.
///
/// # Errors
/// [`Code::BadInput`] naming the character where it stops making sense, or for a result that is no number.
pub(super) fn evaluate(text: &str) -> Result<f64, Fault> {
    let mut parser = Parser { text: text.as_bytes(), at: 0, depth: 0 };
    let value = parser.sum()?;
    if parser.peek().is_some() {
        return Err(parser.fault("an operator"));
    }
    if value.is_finite() { Ok(value) } else { Err(Fault::new(Code::BadInput, "the result is not a number")) }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: &[u8]) -> Option<u8> {
        let next = self.peek().filter(|next| wanted.contains(next))?;
        self.at += 1;
        Some(next)
    }

    fn sum(&mut self) -> Result<f64, Fault> {
        let mut value = self.product()?;
        while let Some(operator) = self.take(b"+-") {
            let right = self.product()?;
            value = if operator == b'+' { value + right } else { value - right };
        }
        Ok(value)
    }

    fn product(&mut self) -> Result<f64, Fault> {
        let mut value = self.power()?;
        while let Some(operator) = self.take(b"*/%") {
            let right = self.power()?;
            value = match operator {
                b'*' => value * right,
                b'/' => value / right,
                _ => value % right,
            };
        }
        Ok(value)
    }

    fn power(&mut self) -> Result<f64, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::new(Code::BadInput, format!("nested deeper than {DEPTH}")));
        }
        let value = if self.take(b"-").is_some() {
            -self.power()?
        } else {
            let base = self.atom()?;
            if self.take(b"^").is_some() { base.powf(self.power()?) } else { base }
        };
        self.depth -= 1;
        Ok(value)
    }

    fn atom(&mut self) -> Result<f64, Fault> {
        if self.take(b"(").is_some() {
            let value = self.sum()?;
            return if self.take(b")").is_some() { Ok(value) } else { Err(self.fault("«)»")) };
        }
        self.peek();
        let start = self.at;
        while self.text.get(self.at).is_some_and(|c| c.is_ascii_digit() || *c == b'.') {
            self.at += 1;
        }
        let digits = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        digits.parse().map_err(|_| self.fault("a number"))
    }

    fn fault(&self, wanted: &str) -> Fault {
        Fault::new(Code::BadInput, format!("expected {wanted} at character {}", self.at + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_usual_precedence() {
        for (text, value) in [
            ("6*7", 42.0),
            ("2+3*4", 14.0),
            ("(2+3)*4", 20.0),
            ("-2^2", -4.0),
            ("2^3^2", 512.0),
            ("7 % 4", 3.0),
            (" 1.5e", f64::NAN),
        ] {
            match evaluate(text) {
                Ok(got) => assert!((got - value).abs() < 1e-9, "{text} = {got}"),
                Err(_) => assert!(value.is_nan(), "{text}"),
            }
        }
        for bad in ["", "1/0", "(1", "1)", "two", "1 2", &"(".repeat(400), &"-".repeat(400)] {
            assert!(evaluate(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,512}") {
            let _ = evaluate(&text);
        }

        #[test]
        fn no_text_of_its_own_alphabet_panics(text in "[-+*/%^(). 0-9]{0,512}") {
            let _ = evaluate(&text);
        }
    }
}
