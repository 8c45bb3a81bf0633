//! What a PromQL expression asks for.

use std::collections::BTreeSet;

use promql_parser::parser::{self, Expr, LabelModifier, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

/// The metrics and labels of an expression.
#[derive(Debug, Default)]
pub(super) struct Expression {
    /// The selected metrics, each with the labels of its matchers.
    pub(super) metrics: Vec<(String, Vec<String>)>,
    /// The labels that group, join or replace.
    pub(super) labels: BTreeSet<String>,
    /// The labels that `label_replace` creates.
    pub(super) created: BTreeSet<String>,
    /// Whether it asks for an earlier time, of which a new Prometheus has nothing.
    pub(super) is_earlier: bool,
}

impl Expression {
    /// Fails the test if Prometheus would reject the expression.
    pub(super) fn parse(text: &str) -> Self {
        let parsed = parser::parse(text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut expression = Self::default();
        let Ok(_) = walk_expr(&mut expression, &parsed);
        expression
    }

    fn select(&mut self, selector: &VectorSelector) {
        let matchers = &selector.matchers.matchers;
        let labels = matchers.iter().map(|matcher| matcher.name.clone());
        let name = selector.name.clone().expect("a name of a metric");
        self.metrics.push((name, labels.collect()));
        self.is_earlier |= selector.offset.is_some();
    }

    fn group(&mut self, modifier: Option<&LabelModifier>) {
        let labels = modifier.into_iter().flat_map(|it| &it.labels().labels);
        self.labels.extend(labels.cloned());
    }
}

impl ExprVisitor for Expression {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Self::Error> {
        match expression {
            Expr::VectorSelector(selector) => self.select(selector),
            Expr::MatrixSelector(range) => self.select(&range.vs),
            Expr::Aggregate(aggregate) => self.group(aggregate.modifier.as_ref()),
            Expr::Binary(binary) => {
                if let Some(modifier) = &binary.modifier {
                    self.group(modifier.matching.as_ref());
                }
            }
            Expr::Call(call) if call.func.name == "label_replace" => {
                let arguments = call.args.args.iter().map(|argument| &**argument);
                let texts = arguments.filter_map(|argument| match argument {
                    Expr::StringLiteral(literal) => Some(literal.val.clone()),
                    _ => None,
                });
                // The new label, the new value, the old label, the old value.
                let texts: Vec<_> = texts.collect();
                self.created.insert(texts[0].clone());
                self.labels.insert(texts[2].clone());
            }
            _ => {}
        }
        Ok(true)
    }
}
