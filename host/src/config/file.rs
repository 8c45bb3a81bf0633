//! The file as written: YAML as a tree that remembers its lines.
//!
//! Scalars stay text until a key says what it wants, so that `port: 9440` and
//! `port: "9440"` are the same and `apiVersion: 13.0` does not become 13.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use zeroize::Zeroizing;

use super::problem::{Findings, Problem};

/// What a document may weigh, its aliases written out: they may stand for more
/// than any machine holds.
const HEAVIEST: usize = 8 << 20;
/// Of a value besides its text.
const NODE: usize = 64;
/// Lists and maps within each other. Whoever walks the tree calls itself.
const DEEPEST: usize = 64;

/// A value and the line it begins on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing, `~` or `null`: the same as leaving the key out.
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// Already reported: whoever reads it keeps silent.
    Broken,
}

/// A key of a map and its line.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) line: usize,
}

/// A text, before and after its variables were replaced. It may be a secret, so
/// its memory is overwritten when it is dropped.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    /// As it stands in the file. What a variable held may be a secret, so
    /// messages show this.
    pub(super) written: Zeroizing<String>,
    /// What it means.
    pub(super) text: Zeroizing<String>,
    /// Not quoted, so that it may be a number or a boolean.
    pub(super) plain: bool,
}

impl Node {
    /// The text, when it is a single value.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

impl Value {
    /// The words of a message: `a list`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null | Self::Broken => "nothing",
            Self::Scalar(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Reads one document. Keys that stand twice are reported to `findings`; a text
/// that is not YAML is the error. Neither shows the line, which may hold a key.
pub(super) fn parse(text: &str, findings: &Findings) -> Result<Node, Problem> {
    let mut builder = Builder {
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        weight: 0,
        findings,
    };
    // Event by event: the parser's own way to load calls itself for each level.
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| Problem {
            file: None,
            at: String::new(),
            line: Some(error.marker().line()),
            message: format!("not YAML: {}", error.info()),
            hint: Some("a text with special characters wants quotes".into()),
        })?;
        builder.on_event(event, span)?;
    }
    let mut documents = builder.documents.into_iter();
    let root = documents.next().unwrap_or(Node {
        line: 1,
        value: Value::Null,
    });
    match documents.next() {
        None => Ok(root),
        Some(second) => Err(Problem {
            file: None,
            at: String::new(),
            line: Some(second.line),
            message: "a second document begins here".into(),
            hint: Some("remove the `---` between the two".into()),
        }),
    }
}

/// Makes nodes of the parser's events.
struct Builder<'f> {
    /// The lists and maps that have begun, the innermost last.
    open: Vec<Open>,
    /// What aliases stand for, and what it weighs.
    anchors: HashMap<usize, (Node, usize)>,
    documents: Vec<Node>,
    /// All that was made so far.
    weight: usize,
    findings: &'f Findings,
}

struct Open {
    node: Node,
    /// The key that waits for its value.
    key: Option<Key>,
    /// Every key so far, and its line.
    keys: HashMap<String, usize>,
    anchor: usize,
    /// The weight of all that was made before it.
    before: usize,
}

impl Builder<'_> {
    fn on_event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let (plain, weight) = (style == ScalarStyle::Plain, NODE + text.len());
                self.weigh(weight, line)?;
                let value = scalar(text.into_owned(), plain);
                self.place(Node { line, value }, anchor, weight, line)
            }
            Event::SequenceStart(anchor, _) => self.begin(line, Value::List(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => self.begin(line, Value::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let weight = self.weight - open.before;
                    self.place(merged(open.node, self.findings), open.anchor, weight, line)
                }
                None => Ok(()),
            },
            Event::Alias(id) => {
                let weight = self.anchors.get(&id).map_or(NODE, |(_, weight)| *weight);
                self.weigh(weight, line)?;
                let value = match self.anchors.get(&id) {
                    Some((node, _)) => node.value.clone(),
                    None => Value::Null,
                };
                self.place(Node { line, value }, 0, weight, line)
            }
            _ => Ok(()),
        }
    }

    /// Before anything of that weight is made.
    fn weigh(&mut self, weight: usize, line: usize) -> Result<(), Problem> {
        self.weight += weight;
        if self.weight <= HEAVIEST {
            return Ok(());
        }
        let hint = "aliases count as what they stand for";
        Err(too("it holds more than a configuration may", line, hint))
    }

    fn begin(&mut self, line: usize, value: Value, anchor: usize) -> Result<(), Problem> {
        let before = self.weight;
        self.weigh(NODE, line)?;
        if self.open.len() == DEEPEST {
            let message = format!("more than {DEEPEST} lists and maps within each other");
            return Err(too(&message, line, "no key needs more than five"));
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

    /// Puts a finished node of that weight where it belongs.
    fn place(
        &mut self,
        node: Node,
        anchor: usize,
        weight: usize,
        line: usize,
    ) -> Result<(), Problem> {
        if anchor > 0 {
            self.weigh(weight, line)?;
            self.anchors.insert(anchor, (node.clone(), weight));
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
            (Value::Map(_), None) => open.key = Some(key(node, self.findings)),
            (Value::Map(entries), Some(key)) => match open.keys.get(&key.name) {
                Some(first) => self.findings.problem(twice(*first, &key)),
                None => {
                    open.keys.insert(key.name.clone(), key.line);
                    entries.push((key, node));
                }
            },
            (Value::List(items), _) => items.push(node),
            // Only lists and maps are ever opened.
            _ => {}
        }
    }
}

fn key(node: Node, findings: &Findings) -> Key {
    let line = node.line;
    let name = match node.value {
        Value::Scalar(scalar) => scalar.text.to_string(),
        other => {
            findings.problem(Problem {
                file: None,
                at: String::new(),
                line: Some(line),
                message: format!("a key is a text, and this one is {}", other.kind()),
                hint: None,
            });
            String::new()
        }
    };
    Key { name, line }
}

fn scalar(text: String, plain: bool) -> Value {
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    let text = Zeroizing::new(text);
    Value::Scalar(Scalar {
        written: text.clone(),
        text,
        plain,
    })
}

fn too(message: &str, line: usize, hint: &str) -> Problem {
    Problem {
        file: None,
        at: String::new(),
        line: Some(line),
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

fn twice(first: usize, second: &Key) -> Problem {
    Problem {
        file: None,
        at: String::new(),
        line: Some(second.line),
        message: format!("the key `{}` is given twice", second.name),
        hint: Some(format!("it stands on line {first} too")),
    }
}

/// `<<: *defaults` gives a map the entries of another that it lacks itself.
fn merged(mut node: Node, findings: &Findings) -> Node {
    let Value::Map(entries) = &mut node.value else {
        return node;
    };
    let Some(at) = entries.iter().position(|(key, _)| key.name == "<<") else {
        return node;
    };
    let sources = match entries.remove(at).1 {
        Node {
            value: Value::List(items),
            ..
        } => items,
        single => vec![single],
    };
    let mut known: HashSet<_> = entries.iter().map(|(key, _)| key.name.clone()).collect();
    for source in sources {
        let Value::Map(inherited) = source.value else {
            findings.problem(Problem {
                file: None,
                at: String::new(),
                line: Some(source.line),
                message: format!("`<<` wants a map, and this is {}", source.value.kind()),
                hint: Some("write `<<: *name`, and `&name` before that map".to_owned()),
            });
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
