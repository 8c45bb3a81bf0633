//! YAML as a tree that remembers its lines.
//!
//! Scalars stay text until a key says which type it has. So `port: 9440` and
//! `port: "9440"` are the same, and `apiVersion: 13.0` does not become 13.

mod syntax;

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use zeroize::Zeroizing;

use super::problem::{Findings, Problem};

/// The largest size of a document with its aliases expanded. Aliases can stand
/// for more than any machine can hold.
const MAX_SIZE: usize = 8 << 20;
/// The size that each value adds to its text.
const NODE_SIZE: usize = 64;
/// The deepest nesting, because readers of the tree are recursive.
const MAX_DEPTH: usize = 64;

/// A value and the line it begins on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: YamlValue,
}

#[derive(Clone, Debug)]
pub(super) enum YamlValue {
    /// Nothing, `~` or `null`: the same as leaving the key out.
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// A problem that was reported; its reader reports nothing more.
    Reported,
}

/// A key of a map and its line.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) line: usize,
}

/// A text before and after its variables were expanded. It may be a secret, so
/// its memory is overwritten when it is dropped.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    /// As in the file. Messages show this one, since a variable may hold a secret.
    pub(super) written: Zeroizing<String>,
    /// With its variables expanded.
    pub(super) text: Zeroizing<String>,
    /// Not quoted, so it may be a number or a boolean.
    pub(super) plain: bool,
}

impl Node {
    /// The text, if it is a single value.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            YamlValue::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

impl YamlValue {
    /// The kind as messages name it, such as `a list`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null | Self::Reported => "nothing",
            Self::Scalar(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Reads one document. Duplicate keys are reported to `findings`; invalid YAML is
/// the error. Neither shows the line, which may hold a secret.
pub(super) fn parse(text: &str, findings: &Findings) -> Result<Node, Problem> {
    let mut builder = Builder {
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        size: 0,
        findings,
    };
    // Event by event, because the parser's own loader is recursive.
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let line = error.marker().line();
            let (message, hint) = syntax::explained(text, line, error.info());
            Problem::on_line(line, format!("invalid YAML: {message}"), hint.to_owned())
        })?;
        builder.on_event(event, span)?;
    }
    let mut documents = builder.documents.into_iter();
    let root = documents.next().unwrap_or(Node {
        line: 1,
        value: YamlValue::Null,
    });
    match documents.next() {
        None => Ok(root),
        Some(second) => Err(Problem::on_line(
            second.line,
            "expected one YAML document, found a second one",
            "remove the `---` between them".to_owned(),
        )),
    }
}

/// Builds nodes from the parser's events.
struct Builder<'f> {
    /// The lists and maps that have not ended, the innermost last.
    open: Vec<Open>,
    /// What each alias stands for, and its size.
    anchors: HashMap<usize, (Node, usize)>,
    documents: Vec<Node>,
    /// The total size of everything built.
    size: usize,
    findings: &'f Findings,
}

struct Open {
    node: Node,
    /// The key that waits for its value.
    key: Option<Key>,
    /// The line of each key so far.
    keys: HashMap<String, usize>,
    anchor: usize,
    /// The size of everything built before it.
    before: usize,
}

impl Builder<'_> {
    fn on_event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let (plain, size) = (style == ScalarStyle::Plain, NODE_SIZE + text.len());
                self.grow(size, line)?;
                let value = scalar(text.into_owned(), plain);
                self.place(Node { line, value }, anchor, size, line)
            }
            Event::SequenceStart(anchor, _) => {
                self.begin(line, YamlValue::List(Vec::new()), anchor)
            }
            Event::MappingStart(anchor, _) => self.begin(line, YamlValue::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let size = self.size - open.before;
                    let node = merged(open.node, self.findings);
                    self.place(node, open.anchor, size, line)
                }
                None => Ok(()),
            },
            Event::Alias(id) => {
                let size = self.anchors.get(&id).map_or(NODE_SIZE, |(_, size)| *size);
                self.grow(size, line)?;
                let value = match self.anchors.get(&id) {
                    Some((node, _)) => node.value.clone(),
                    None => YamlValue::Null,
                };
                self.place(Node { line, value }, 0, size, line)
            }
            _ => Ok(()),
        }
    }

    /// Called before anything of that size is built.
    fn grow(&mut self, size: usize, line: usize) -> Result<(), Problem> {
        self.size += size;
        if self.size <= MAX_SIZE {
            return Ok(());
        }
        let hint = "use fewer aliases, since each counts as what it stands for".to_owned();
        Err(Problem::on_line(
            line,
            "the file is larger than 8 MiB",
            hint,
        ))
    }

    fn begin(&mut self, line: usize, value: YamlValue, anchor: usize) -> Result<(), Problem> {
        let before = self.size;
        self.grow(NODE_SIZE, line)?;
        if self.open.len() == MAX_DEPTH {
            let message = format!("lists and maps are nested deeper than {MAX_DEPTH} levels");
            let hint = "no key needs more than five levels".to_owned();
            return Err(Problem::on_line(line, message, hint));
        }
        self.open.push(Open {
            node: Node { line, value },
            key: None,
            keys: HashMap::new(),
            anchor,
            before,
        });
        Ok(())
    }

    /// Puts a finished node of that size where it belongs.
    fn place(
        &mut self,
        node: Node,
        anchor: usize,
        size: usize,
        line: usize,
    ) -> Result<(), Problem> {
        if anchor > 0 {
            self.grow(size, line)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.put(node);
        Ok(())
    }

    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        match (&mut open.node.value, open.key.take()) {
            (YamlValue::Map(_), None) => open.key = Some(key(node, self.findings)),
            (YamlValue::Map(entries), Some(key)) => match open.keys.get(&key.name) {
                Some(first) => self.findings.problem(duplicate(*first, &key)),
                None => {
                    open.keys.insert(key.name.clone(), key.line);
                    entries.push((key, node));
                }
            },
            (YamlValue::List(items), _) => items.push(node),
            // Only lists and maps are pushed to `open`.
            _ => {}
        }
    }
}

fn key(node: Node, findings: &Findings) -> Key {
    let line = node.line;
    let name = match node.value {
        YamlValue::Scalar(scalar) if !scalar.text.is_empty() => scalar.text.to_string(),
        other => {
            let found = match other {
                YamlValue::Scalar(_) => "an empty text",
                ref other => other.kind(),
            };
            let message = format!("expected a text as key, found {found}");
            let hint = "write `key: value`, and quote a value that begins with `{` or `[`";
            findings.problem(Problem::on_line(line, message, hint.to_owned()));
            String::new()
        }
    };
    Key { name, line }
}

fn scalar(text: String, plain: bool) -> YamlValue {
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return YamlValue::Null;
    }
    let text = Zeroizing::new(text);
    YamlValue::Scalar(Scalar {
        written: text.clone(),
        text,
        plain,
    })
}

fn duplicate(first: usize, second: &Key) -> Problem {
    let message = format!("duplicate key `{}`", second.name);
    Problem::on_line(second.line, message, format!("it is also on line {first}"))
}

/// `<<: *defaults` adds the entries of another map that this one does not have.
fn merged(mut node: Node, findings: &Findings) -> Node {
    let YamlValue::Map(entries) = &mut node.value else {
        return node;
    };
    let Some(at) = entries.iter().position(|(key, _)| key.name == "<<") else {
        return node;
    };
    let sources = match entries.remove(at).1 {
        Node {
            value: YamlValue::List(items),
            ..
        } => items,
        single => vec![single],
    };
    let mut known: HashSet<_> = entries.iter().map(|(key, _)| key.name.clone()).collect();
    for source in sources {
        let YamlValue::Map(inherited) = source.value else {
            let message = format!("expected a map after `<<`, found {}", source.value.kind());
            let hint = "write `<<: *name`, and `&name` before that map".to_owned();
            findings.problem(Problem::on_line(source.line, message, hint));
            continue;
        };
        for (key, value) in inherited {
            if known.insert(key.name.clone()) {
                entries.push((key, value));
            }
        }
    }
    node
}
