//! The specification of the answers of an operation.

use http::Method;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::adapt::{resolved, stand_alone};
use super::undocumented::undocumented;

/// The answers that an operation documents.
pub(crate) struct Operation<'a> {
    file: &'a Value,
    /// Another file, which describes errors that this one does not.
    errors: &'a Value,
    parameters: &'a Value,
    responses: &'a Value,
}

/// The expected answer.
pub(crate) struct Expected<'a> {
    specified: Specified<'a>,
    validator: Validator,
}

/// The specification of an answer in a file.
struct Specified<'a> {
    file: &'a Value,
    media_types: Vec<&'a str>,
    schema: &'a Value,
}

/// A property of an answer that violates the file.
pub(crate) struct Mismatch {
    /// The place, as a JSON pointer with `*` for any index.
    pub(crate) place: String,
    /// The schema's keyword, or `undocumented` for an undocumented attribute.
    pub(crate) keyword: String,
    /// The message.
    pub(crate) message: String,
}

impl<'a> Operation<'a> {
    /// `None` if the file has no such operation. Errors that it defines in a file
    /// that no bundle has are those in `errors`.
    pub(crate) fn find(
        file: &'a Value,
        errors: &'a Value,
        path: &str,
        method: &Method,
    ) -> Option<Self> {
        let method = method.as_str().to_lowercase();
        let operation = file["paths"].get(path)?.get(&method)?;
        Some(Self {
            file,
            errors,
            parameters: &operation["parameters"],
            responses: &operation["responses"],
        })
    }

    /// The description of a parameter.
    pub(crate) fn description_of(&self, parameter: &str) -> Option<&'a str> {
        let parameters = self.parameters.as_array()?.iter();
        let mut parameters = parameters.map(|one| resolved(one, self.file));
        let found = parameters.find(|one| one["name"] == parameter)?;
        found["description"].as_str()
    }

    /// The expected answer with a status. An error that the operation does
    /// not document is like its first documented error, or one in the file, or in
    /// the other.
    pub(crate) fn expected(&self, status: u16) -> Expected<'a> {
        let specified = Specified::about(self.file, self.responses, status)
            .or_else(|| Specified::about_errors(self.file, self.responses))
            .or_else(|| Specified::about_any_error(self.file))
            .or_else(|| Specified::about_any_error(self.errors));
        let specified = specified.unwrap_or_else(|| panic!("status {status} is not documented"));
        let adapted = stand_alone(specified.schema, specified.file);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&adapted);
        let validator = validator.unwrap_or_else(|error| panic!("{error}\n{:#}", specified.schema));
        Expected {
            specified,
            validator,
        }
    }
}

impl<'a> Specified<'a> {
    fn about(file: &'a Value, responses: &'a Value, status: u16) -> Option<Self> {
        let response = resolved(responses.get(status.to_string())?, file);
        let content = response["content"].as_object()?;
        let mut schemas = content.values().map(|body| &body["schema"]);
        let schema = schemas.find(|schema| resolved(schema, file).is_object())?;
        let media_types = content.keys().map(|name| bare(name)).collect();
        Some(Self {
            file,
            media_types,
            schema,
        })
    }

    fn about_errors(file: &'a Value, responses: &'a Value) -> Option<Self> {
        (400..600).find_map(|status| Self::about(file, responses, status))
    }

    fn about_any_error(file: &'a Value) -> Option<Self> {
        let paths = file["paths"].as_object()?.values();
        let operations = paths.filter_map(Value::as_object).flatten();
        operations
            .filter_map(|(_, operation)| operation.get("responses"))
            .find_map(|responses| Self::about_errors(file, responses))
    }
}

impl Expected<'_> {
    /// The mismatches between an answer and the file.
    pub(crate) fn mismatches(&self, media_type: &str, body: &[u8]) -> Vec<Mismatch> {
        let mut found = Vec::new();
        if !self.specified.media_types.contains(&bare(media_type)) {
            found.push(mismatch("", "content", media_type.to_owned()));
        }
        let text = bare(media_type).starts_with("text/");
        let instance = if text {
            String::from_utf8_lossy(body).into_owned().into()
        } else {
            serde_json::from_slice(body).unwrap_or(Value::Null)
        };
        for error in self.validator.iter_errors(&instance) {
            let mut place = error.instance_path().to_string();
            if let ValidationErrorKind::Required { property } = error.kind() {
                place = format!("{place}/{}", property.as_str().unwrap_or_default());
            }
            found.push(mismatch(&place, error.kind().keyword(), message(&error)));
        }
        for place in undocumented(&instance, &[self.specified.schema], self.specified.file) {
            let message = "the schema has no such attribute".to_owned();
            found.push(mismatch(&place, "undocumented", message));
        }
        found
    }
}

/// The message of an error, with the errors of each branch of a union.
fn message(error: &jsonschema::ValidationError<'_>) -> String {
    let branches = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.as_slice()
        }
        _ => return cut(&error.to_string()),
    };
    let each = branches.iter().filter_map(|errors| errors.first());
    let each: Vec<_> = each
        .map(|error| format!("{}: {}", error.instance_path(), message(error)))
        .collect();
    format!("none of: {}", each.join(" | "))
}

fn cut(text: &str) -> String {
    text.chars().take(160).collect()
}

fn mismatch(place: &str, keyword: &str, message: String) -> Mismatch {
    let parts = place.split('/').map(|part| match part.parse::<usize>() {
        Ok(_) => "*",
        Err(_) => part,
    });
    Mismatch {
        place: parts.collect::<Vec<_>>().join("/"),
        keyword: keyword.to_owned(),
        message,
    }
}

/// A media type without its version.
fn bare(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or(media_type)
}
