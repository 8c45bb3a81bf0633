//! From the text of a key to what it means.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::SignedDuration;
use jiff::fmt::friendly::{Spacing, SpanPrinter};
use serde_yaml::Value as Yaml;

/// A type that a single value of the file can mean.
pub(super) trait Setting: Sized {
    /// Understands the text.
    fn read(text: &str) -> Result<Self, Complaint>;

    /// A default, as it would be written.
    fn show(&self) -> Yaml;
}

/// Why a text is not what is wanted.
pub(super) struct Complaint {
    /// What follows the text in a message: `is not a port number`.
    pub(super) message: String,
    /// What to write instead.
    pub(super) hint: Option<String>,
}

/// `is not a port number`, and what to write.
pub(super) fn complaint(message: impl Into<String>, hint: impl Into<String>) -> Complaint {
    Complaint {
        message: message.into(),
        hint: Some(hint.into()),
    }
}

/// Any text but the empty one.
impl Setting for String {
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
    fn read(text: &str) -> Result<Self, Complaint> {
        String::read(text).map(Self::from)
    }

    fn show(&self) -> Yaml {
        self.display().to_string().into()
    }
}

/// Lenient, for what stands in an environment variable.
impl Setting for bool {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(complaint(
                "is neither true nor false",
                "write `true` or `false`",
            )),
        }
    }

    fn show(&self) -> Yaml {
        (*self).into()
    }
}

/// A TCP port. 0 asks the system for a free one, for listening only.
#[derive(Clone, Copy)]
pub(super) struct Port(pub(super) u16);

impl Setting for Port {
    fn read(text: &str) -> Result<Self, Complaint> {
        let port = text.trim().parse().map(Self);
        port.map_err(|_| complaint("is not a port number", "write a number from 1 to 65535"))
    }

    fn show(&self) -> Yaml {
        self.0.into()
    }
}

/// How many of something; at least one.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u64);

impl Setting for Count {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().parse() {
            Ok(0) => Err(complaint("would forbid all of it", "write a number from 1")),
            Ok(count) => Ok(Self(count)),
            Err(_) => Err(complaint("is not a whole number", "write a number from 1")),
        }
    }

    fn show(&self) -> Yaml {
        self.0.into()
    }
}

/// Longer than zero, in Go's notation: `1h30m`, `90s`, `1.5h`, `500ms`.
impl Setting for Duration {
    fn read(text: &str) -> Result<Self, Complaint> {
        match DurationOrZero::read(text)?.0 {
            Duration::ZERO => Err(complaint(
                "is not longer than zero",
                "write a duration such as `5m`",
            )),
            duration => Ok(duration),
        }
    }

    fn show(&self) -> Yaml {
        DurationOrZero(*self).show()
    }
}

/// Points in time are reckoned with durations, and there is an end to those.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);
/// No clock of ours is finer.
const SHORTEST: Duration = Duration::from_millis(1);

/// A duration that may be nothing at all: `0s`.
pub(super) struct DurationOrZero(pub(super) Duration);

impl Setting for DurationOrZero {
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
                "write hours, minutes and seconds, such as `1h30m`, `5m` or `90s`",
            )
        })?;
        let duration = Duration::try_from(signed)
            .map_err(|_| complaint("is negative", "write a duration such as `5m`"))?;
        if duration > LONGEST {
            return Err(complaint(
                "is longer than ten years",
                "write a shorter duration",
            ));
        }
        if !duration.is_zero() && duration < SHORTEST {
            return Err(complaint(
                "is shorter than a millisecond",
                "write a duration such as `500ms`",
            ));
        }
        Ok(Self(duration))
    }

    fn show(&self) -> Yaml {
        if self.0.is_zero() {
            return "0s".into();
        }
        let printer = SpanPrinter::new().spacing(Spacing::None);
        printer.unsigned_duration_to_string(&self.0).into()
    }
}

/// More than nothing: `64MiB`.
impl Setting for ByteSize {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().parse::<Self>() {
            Ok(size) if size.0 > 0 => Ok(size),
            Ok(_) => Err(complaint(
                "is not more than zero",
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
