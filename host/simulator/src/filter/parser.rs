//! Reads a filter by recursive descent.

use super::expression::{Expression, Operand, Operator, Part};
use super::lexer::{Token, tokens};
use super::literal;
use crate::column::{Case, Column, Ops, Schema, find};
use crate::release::Release;

/// How deep brackets and `not` may nest, since every level needs stack.
const DEEPEST: u32 = 32;

/// Reads a whole filter.
pub(super) fn parse<T>(
    text: &str,
    columns: &'static [Column<T>],
    release: Release,
) -> Result<Expression<T>, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        columns,
        release,
        depth: 0,
    };
    let expression = parser.or()?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(token) => Err(format!(
            "Expected the end of the filter, found `{}`.",
            word(&token)
        )),
    }
}

struct Parser<T: 'static> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    columns: &'static [Column<T>],
    release: Release,
    depth: u32,
}

impl<T> Parser<T> {
    fn or(&mut self) -> Result<Expression<T>, String> {
        let mut left = self.and()?;
        while self.takes("or") {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression<T>, String> {
        let mut left = self.unary()?;
        while self.takes("and") {
            left = Expression::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression<T>, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("The filter is nested too deeply.".to_owned());
        }
        let expression = if self.takes("not") {
            Expression::Not(Box::new(self.unary()?))
        } else if self.tokens.next_if_eq(&Token::Open).is_some() {
            let inner = self.or()?;
            self.expect(Token::Close)?;
            inner
        } else {
            self.clause()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn clause(&mut self) -> Result<Expression<T>, String> {
        let name = self.bare()?;
        match part(&name) {
            Some(part) => self.part(part),
            None => self.compare(&name),
        }
    }

    fn part(&mut self, part: Part) -> Result<Expression<T>, String> {
        self.expect(Token::Open)?;
        let name = self.bare()?;
        let needs = if part == Part::Contains {
            Ops::CONTAINS
        } else {
            Ops::ENDS
        };
        let operand = self.operand(&name, needs)?;
        self.expect(Token::Comma)?;
        let text = match self.tokens.next() {
            Some(Token::Quoted(text)) => text,
            other => return Err(unexpected("a text between single quotes", other)),
        };
        self.expect(Token::Close)?;
        Ok(Expression::Part(part, operand, text))
    }

    fn compare(&mut self, name: &str) -> Result<Expression<T>, String> {
        // The operator comes after the operand, and decides whether it is allowed.
        let column = self.operand(name, Ops::NONE)?;
        let word = self.bare()?;
        let (operator, needs) =
            operator(&word).ok_or_else(|| format!("`{word}` is not an operator."))?;
        self.allow(column.column, needs, &word)?;
        let token = self
            .tokens
            .next()
            .ok_or_else(|| unexpected("a value", None))?;
        let value = literal::read(column.column.schema(), &token).ok_or_else(|| {
            let kind = kind(column.column.schema());
            format!("`{}` compares with {kind}.", column.column.name())
        })?;
        Ok(Expression::Compare(column, operator, value))
    }

    /// A name, or a name within `tolower` or `toupper`.
    fn operand(&mut self, word: &str, needs: Ops) -> Result<Operand<T>, String> {
        let case = match word {
            "tolower" => Some(Case::Lower),
            "toupper" => Some(Case::Upper),
            _ => None,
        };
        let column = if case.is_some() {
            self.expect(Token::Open)?;
            let name = self.bare()?;
            self.expect(Token::Close)?;
            let column = self.column(&name)?;
            self.allow(column, Ops::CASE, word)?;
            column
        } else {
            self.column(word)?
        };
        self.allow(column, needs, "this function")?;
        Ok(Operand { column, case })
    }

    fn column(&self, name: &str) -> Result<&'static Column<T>, String> {
        find(self.columns, self.release, name)
            .filter(|column| column.ops(self.release) != Ops::NONE)
            .ok_or_else(|| format!("Filtering by `{name}` is not supported."))
    }

    fn allow(&self, column: &Column<T>, needs: Ops, word: &str) -> Result<(), String> {
        if column.ops(self.release).has(needs) {
            Ok(())
        } else {
            Err(format!("`{}` does not support `{word}`.", column.name()))
        }
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let is = |token: &Token| matches!(token, Token::Bare(word) if word == keyword);
        self.tokens.next_if(is).is_some()
    }

    fn bare(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Bare(word)) => Ok(word),
            other => Err(unexpected("a name", other)),
        }
    }

    fn expect(&mut self, token: Token) -> Result<(), String> {
        match self.tokens.next() {
            Some(found) if found == token => Ok(()),
            other => Err(unexpected(&format!("`{}`", word(&token)), other)),
        }
    }
}

fn part(name: &str) -> Option<Part> {
    Some(match name {
        "contains" => Part::Contains,
        "startswith" => Part::Starts,
        "endswith" => Part::Ends,
        _ => return None,
    })
}

fn operator(word: &str) -> Option<(Operator, Ops)> {
    Some(match word {
        "eq" => (Operator::Eq, Ops::EQ),
        "ne" => (Operator::Ne, Ops::NE),
        "lt" => (Operator::Lt, Ops::ORDER),
        "le" => (Operator::Le, Ops::RANGE),
        "gt" => (Operator::Gt, Ops::ORDER),
        "ge" => (Operator::Ge, Ops::RANGE),
        _ => return None,
    })
}

fn kind(schema: Schema) -> &'static str {
    match schema {
        Schema::Text => "a text between single quotes",
        Schema::Number => "a number",
        Schema::Flag => "true or false",
        Schema::Time => "a bare ISO-8601 date-time",
        Schema::Span => "a bare ISO-8601 duration",
    }
}

fn word(token: &Token) -> &str {
    match token {
        Token::Bare(word) | Token::Quoted(word) => word,
        Token::Open => "(",
        Token::Close => ")",
        Token::Comma => ",",
    }
}

fn unexpected(expected: &str, found: Option<Token>) -> String {
    match found {
        Some(token) => format!("Expected {expected}, found `{}`.", word(&token)),
        None => format!("Expected {expected}, found the end of the filter."),
    }
}
