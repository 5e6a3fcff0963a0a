//! GitHub's [expressions](https://docs.github.com/en/actions/reference/workflows-and-actions/expressions), as
//! far as the workflows use them. What is not known here is an error.

use serde_json::{Map, Value, json};

/// What expressions speak of, by the name of the context.
pub type Contexts = Map<String, Value>;

/// How the steps or jobs before went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Success,
    Failure,
}

/// A text with `${{ … }}` in it. One that is nothing but an expression keeps the value's type as text.
pub fn text(template: &str, contexts: &Contexts) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").ok_or("an expression does not end")?;
        out.push_str(before);
        out.push_str(&shown(&evaluate(expression, contexts, Status::Success)?));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether an `if` holds. Without a function that asks for the status, what comes before must have succeeded.
pub fn condition(source: Option<&str>, contexts: &Contexts, status: Status) -> Result<bool, String> {
    let Some(source) = source else { return Ok(status == Status::Success) };
    let source = source.trim();
    let source = source.strip_prefix("${{").and_then(|source| source.strip_suffix("}}")).unwrap_or(source);
    let asks = tokens(source)?.windows(2).any(|pair| {
        matches!(&pair[0], Token::Word(word) if ["success", "failure", "always", "cancelled"].contains(&word.as_str()))
            && pair[1] == Token::Sign("(")
    });
    let holds = truth(&evaluate(source, contexts, status)?);
    Ok(holds && (asks || status == Status::Success))
}

/// The value of an expression.
pub fn evaluate(source: &str, contexts: &Contexts, status: Status) -> Result<Value, String> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, contexts, status };
    let value = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(value),
        Some(token) => Err(format!("{token:?} is not expected in `{source}`")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

const SIGNS: [&str; 10] = ["==", "!=", "&&", "||", "!", "(", ")", ".", ",", "["];

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let end = rest[1..].find('\'').ok_or_else(|| format!("a text does not end in `{source}`"))?;
            tokens.push(Token::Text(rest[1..=end].to_owned()));
            end + 2
        } else if first.is_ascii_alphabetic() || first == '_' {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            end
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].parse().map_err(|_| "not a number")?));
            end
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("`{first}` is not known in `{source}`"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    contexts: &'a Contexts,
    status: Status,
}

impl Parser<'_> {
    fn takes(&mut self, sign: &'static str) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Value, String> {
        let mut value = self.and()?;
        while self.takes("||") {
            let other = self.and()?;
            value = if truth(&value) { value } else { other };
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<Value, String> {
        let mut value = self.comparison()?;
        while self.takes("&&") {
            let other = self.comparison()?;
            value = if truth(&value) { other } else { value };
        }
        Ok(value)
    }

    fn comparison(&mut self) -> Result<Value, String> {
        let value = self.not()?;
        if self.takes("==") {
            return Ok(json!(equal(&value, &self.not()?)));
        }
        if self.takes("!=") {
            return Ok(json!(!equal(&value, &self.not()?)));
        }
        Ok(value)
    }

    fn not(&mut self) -> Result<Value, String> {
        if self.takes("!") {
            return Ok(json!(!truth(&self.not()?)));
        }
        self.one()
    }

    fn one(&mut self) -> Result<Value, String> {
        if self.takes("(") {
            let value = self.or()?;
            return if self.takes(")") { Ok(value) } else { Err("`)` is missing".to_owned()) };
        }
        let token = self.tokens.get(self.at).cloned().ok_or("an expression ends too early")?;
        self.at += 1;
        match token {
            Token::Text(text) => Ok(json!(text)),
            Token::Number(number) => Ok(json!(number)),
            Token::Word(word) if word == "true" || word == "false" => Ok(json!(word == "true")),
            Token::Word(word) if self.takes("(") => self.call(&word),
            Token::Word(word) => self.path(&word),
            Token::Sign(sign) => Err(format!("`{sign}` is not expected")),
        }
    }

    fn call(&mut self, function: &str) -> Result<Value, String> {
        if function == "fromJSON" {
            let argument = shown(&self.or()?);
            if !self.takes(")") {
                return Err("`)` is missing".to_owned());
            }
            return serde_json::from_str(&argument)
                .map_err(|error| format!("fromJSON: {argument:?}: {error}"));
        }
        if !self.takes(")") {
            return Err(format!("the function `{function}` is not known with arguments"));
        }
        match function {
            "success" => Ok(json!(self.status == Status::Success)),
            "failure" => Ok(json!(self.status == Status::Failure)),
            "always" => Ok(json!(true)),
            "cancelled" => Ok(json!(false)),
            _ => Err(format!("the function `{function}` is not known")),
        }
    }

    fn path(&mut self, context: &str) -> Result<Value, String> {
        let value = self.contexts.get(context);
        let mut value = value.cloned().ok_or_else(|| format!("there is no context `{context}` here"))?;
        while self.takes(".") {
            let Some(Token::Word(name)) = self.tokens.get(self.at).cloned() else {
                return Err("a name is missing".to_owned());
            };
            self.at += 1;
            // What a context does not have is null, as on GitHub.
            value = value.get_mut(&name).map(Value::take).unwrap_or_default();
        }
        Ok(value)
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_f64() != Some(0.0),
        Value::String(value) => !value.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Texts are equal whatever their case; values of different types as the numbers that they are.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        (Value::Null, Value::Null) => true,
        _ => number(one)
            .is_some_and(|one| number(other).is_some_and(|other| (one - other).abs() < f64::EPSILON)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(0.0),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(value) => value.as_f64(),
        Value::String(value) if value.is_empty() => Some(0.0),
        Value::String(value) => value.parse().ok(),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 => format!("{whole:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

#[test]
fn expressions_have_the_values_that_github_gives_them() {
    let contexts = json!({
        "github": {"event_name": "push", "event": {"pull_request": {"number": 12}}, "repository": "Org/Repo"},
        "inputs": {},
        "vars": {"ROLE": "arn"},
    });
    let contexts = contexts.as_object().expect("an object");
    for (template, expected) in [
        ("plain", "plain"),
        ("a-${{ github.event.pull_request.number }}-${{vars.ROLE}}", "a-12-arn"),
        ("${{ inputs.environment || 'preview' }}", "preview"),
        ("${{ github.event.action == 'closed' }}", "false"),
        ("${{ github.repository == 'org/repo' && 'same' }}", "same"),
        ("${{ github.event.nothing.there }}", ""),
        ("${{ !(github.event_name != 'push') }}", "true"),
        ("${{ github.event.nothing == '' }}", "true"),
        ("${{ fromJSON('[\"12\",\"13\"]') }}", r#"["12","13"]"#),
    ] {
        assert_eq!(text(template, contexts).as_deref(), Ok(expected), "{template}");
    }
    for unknown in [
        "${{ secrets.KEY }}",
        "${{ fromJSON('') }}",
        "${{ toJSON('1') }}",
        "${{ nothing() }}",
        "${{ vars.ROLE",
        "${{ a ? b }}",
    ] {
        assert!(text(unknown, contexts).is_err(), "{unknown}");
    }
    for (source, after_success, after_failure) in [
        (None, true, false),
        (Some("github.event_name == 'push'"), true, false),
        (Some("${{ !cancelled() }}"), true, true),
        (Some("!cancelled() && github.event_name == 'pull_request'"), false, false),
        (Some("failure()"), false, true),
        (Some("always()"), true, true),
    ] {
        let holds = |status| condition(source, contexts, status).expect("a condition");
        assert_eq!(
            (holds(Status::Success), holds(Status::Failure)),
            (after_success, after_failure),
            "{source:?}"
        );
    }
}
