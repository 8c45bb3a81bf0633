//! Parses the text of a key.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::SignedDuration;
use jiff::fmt::friendly::{Spacing, SpanPrinter};
use serde_yaml::Value as Yaml;

/// A type that a single value of the file can have.
pub(super) trait Setting: Sized {
    /// What the reference calls the type.
    const KIND: &'static str;

    /// Parses the text.
    fn read(text: &str) -> Result<Self, Complaint>;

    /// A default as it would be written.
    fn show(&self) -> Yaml;
}

/// Why a text is invalid.
pub(super) struct Complaint {
    /// Follows the text in a message, such as `is not a port number`.
    pub(super) message: String,
    /// How to fix it.
    pub(super) hint: Option<String>,
}

pub(super) fn complaint(message: impl Into<String>, hint: impl Into<String>) -> Complaint {
    Complaint {
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// Any text that is not empty.
impl Setting for String {
    const KIND: &'static str = "text";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "" => Err(complaint("is empty", "write a text, or remove the key")),
            text => Ok(text.to_owned()),
        }
    }

    fn show(&self) -> Yaml {
        self.as_str().into()
    }
}

impl Setting for PathBuf {
    const KIND: &'static str = "path";

    fn read(text: &str) -> Result<Self, Complaint> {
        String::read(text).map(Self::from)
    }

    fn show(&self) -> Yaml {
        self.display().to_string().into()
    }
}

/// Lenient, since the value may come from an environment variable.
impl Setting for bool {
    const KIND: &'static str = "boolean";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(complaint("is not a boolean", "write `true` or `false`")),
        }
    }

    fn show(&self) -> Yaml {
        (*self).into()
    }
}

/// A TCP port. To listen on port 0 means to listen on any free port.
#[derive(Clone, Copy)]
pub(super) struct Port(pub(super) u16);

impl Setting for Port {
    const KIND: &'static str = "port";

    fn read(text: &str) -> Result<Self, Complaint> {
        let hint = match text.contains(':') {
            true => "write only the number here, and the host in `host`",
            false => "write a number from 1 to 65535",
        };
        let port = text.trim().parse().map(Self);
        port.map_err(|_| complaint("is not a port number", hint))
    }

    fn show(&self) -> Yaml {
        self.0.into()
    }
}

/// A number of things, at least one.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u64);

impl Setting for Count {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().parse() {
            Ok(0) => Err(complaint("must be 1 or more", "write a number from 1")),
            Ok(count) => Ok(Self(count)),
            Err(_) => Err(complaint("is not a whole number", "write a number from 1")),
        }
    }

    fn show(&self) -> Yaml {
        self.0.into()
    }
}

/// Longer than zero, in the notation of Go: `1h30m`, `90s`, `1.5h`, `500ms`.
impl Setting for Duration {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, Complaint> {
        match DurationOrZero::read(text)?.0 {
            Duration::ZERO => Err(complaint(
                "must be longer than zero",
                "write a duration such as `5m`",
            )),
            duration => Ok(duration),
        }
    }

    fn show(&self) -> Yaml {
        DurationOrZero(*self).show()
    }
}

/// Longer durations would overflow points in time.
const MAX_DURATION: Duration = Duration::from_hours(10 * 365 * 24);
/// The resolution of the clocks that these durations are used with.
const MIN_DURATION: Duration = Duration::from_millis(1);

/// A duration that may be zero.
pub(super) struct DurationOrZero(pub(super) Duration);

impl DurationOrZero {
    /// As it would be written.
    pub(super) fn text(&self) -> String {
        match self.0 {
            Duration::ZERO => "0s".to_owned(),
            duration => SpanPrinter::new()
                .spacing(Spacing::None)
                .unsigned_duration_to_string(&duration),
        }
    }
}

impl Setting for DurationOrZero {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        if text.parse::<f64>().is_ok() {
            return Err(complaint(
                "has no unit",
                "write the unit too, such as `300s` or `5m`",
            ));
        }
        let signed: SignedDuration = text.parse().map_err(|_| {
            complaint(
                "is not a duration",
                "write hours, minutes and seconds, such as `1h30m`, `5m` or `90s`; a day is `24h`",
            )
        })?;
        let duration = Duration::try_from(signed)
            .map_err(|_| complaint("is negative", "write a duration such as `5m`"))?;
        if duration > MAX_DURATION {
            return Err(complaint(
                "is longer than ten years",
                "write a shorter duration",
            ));
        }
        if !duration.is_zero() && duration < MIN_DURATION {
            return Err(complaint(
                "is shorter than a millisecond",
                "write a duration such as `500ms`",
            ));
        }
        Ok(Self(duration))
    }

    fn show(&self) -> Yaml {
        self.text().into()
    }
}

/// A size of more than zero bytes, such as `64MiB`.
impl Setting for ByteSize {
    const KIND: &'static str = "size";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().parse::<Self>() {
            Ok(size) if size.0 > 0 => Ok(size),
            Ok(_) => Err(complaint(
                "must be more than zero",
                "write a size such as `64MiB`",
            )),
            Err(_) => Err(complaint("is not a size", "write a size such as `64MiB`")),
        }
    }

    fn show(&self) -> Yaml {
        match self.0 {
            bytes if bytes % (1 << 30) == 0 => format!("{}GiB", bytes >> 30).into(),
            bytes if bytes % (1 << 20) == 0 => format!("{}MiB", bytes >> 20).into(),
            bytes if bytes % (1 << 10) == 0 => format!("{}KiB", bytes >> 10).into(),
            bytes => bytes.into(),
        }
    }
}
