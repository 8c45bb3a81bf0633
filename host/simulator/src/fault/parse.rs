//! Faults on a command line.

use std::str::FromStr;
use std::time::Duration;

use super::{Fault, Malformed};

impl Fault {
    /// How each fault is written.
    pub const WRITTEN: &'static str = "`down`, `unauthorized`, `not-acceptable`, `not-found`, \
        `status=503`, `slow=2.5` (seconds), `crowded=3,0.1` (requests at one time, seconds), \
        `hanging`, `hang-after-headers`, `trickle=0.1` (seconds a byte), `cut-short`, `html`, \
        `truncated`, `wrong-shape`, `no-attributes`, `repeat-cursor`, `huge=1000000` (bytes), \
        `redirect=https://other.example/`, `echo-request-headers`";

    /// Reads a fault, and the only path that has it, as in `cut-short@/admin/jobs`.
    ///
    /// # Errors
    /// It is not one of [`WRITTEN`](Self::WRITTEN).
    pub fn with_path(text: &str) -> Result<(Self, Option<&str>), String> {
        let (fault, path) = match text.rsplit_once("@/") {
            Some((fault, _)) => (fault, text.get(fault.len() + 1..)),
            None => (text, None),
        };
        Ok((fault.parse()?, path))
    }
}

impl FromStr for Fault {
    type Err = String;

    /// Reads what [`WRITTEN`](Fault::WRITTEN) lists.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let unreadable = || format!("`{value}` is not a value of `{name}`");
        Ok(match name {
            "down" => Self::Down,
            "unauthorized" => Self::Unauthorized,
            "not-acceptable" => Self::NotAcceptable,
            "not-found" => Self::NotFound,
            "status" => Self::Status(status(value).ok_or_else(unreadable)?),
            "slow" => Self::Slow(seconds(value).ok_or_else(unreadable)?),
            "crowded" => {
                let (most, time) = value.split_once(',').ok_or_else(unreadable)?;
                let most = most.parse().map_err(|_| unreadable())?;
                Self::Crowded(most, seconds(time).ok_or_else(unreadable)?)
            }
            "hanging" => Self::Hanging,
            "hang-after-headers" => Self::HangAfterHeaders,
            "trickle" => Self::Trickle(seconds(value).ok_or_else(unreadable)?),
            "cut-short" => Self::CutShort,
            "html" => Self::Malformed(Malformed::Html),
            "truncated" => Self::Malformed(Malformed::Truncated),
            "wrong-shape" => Self::Malformed(Malformed::WrongShape),
            "no-attributes" => Self::NoAttributes,
            "repeat-cursor" => Self::RepeatCursor,
            "huge" => Self::HugeBody(value.parse().map_err(|_| unreadable())?),
            "redirect" => Self::Redirect(value.to_owned()),
            "echo-request-headers" => Self::EchoRequestHeaders,
            _ => {
                let known = Self::WRITTEN;
                return Err(format!(
                    "`{name}` is not a fault\n  hint: write one of {known}"
                ));
            }
        })
    }
}

fn status(text: &str) -> Option<u16> {
    text.parse()
        .ok()
        .filter(|status| (200..=599).contains(status))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_fault_as_it_is_written() {
        let named: Vec<_> = Fault::WRITTEN.split('`').skip(1).step_by(2).collect();
        assert_eq!(named.len(), 19);
        for text in named {
            assert!(text.parse::<Fault>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_fault_may_have_a_path() {
        let cut = Fault::with_path("cut-short@/admin/jobs");
        assert_eq!(cut, Ok((Fault::CutShort, Some("/admin/jobs"))));
        assert_eq!(Fault::with_path("html"), Ok((HTML, None)));
        assert!(Fault::with_path("meteor@/admin/jobs").is_err());
    }

    const HTML: Fault = Fault::Malformed(Malformed::Html);

    #[test]
    fn faults_are_read_with_their_values() {
        assert_eq!("hanging".parse(), Ok(Fault::Hanging));
        assert_eq!("status=503".parse(), Ok(Fault::Status(503)));
        assert_eq!(
            "slow=0.5".parse(),
            Ok(Fault::Slow(Duration::from_millis(500)))
        );
        let tenth = Duration::from_millis(100);
        assert_eq!("crowded=3,0.1".parse(), Ok(Fault::Crowded(3, tenth)));
        for text in [
            "crowded=3",
            "status",
            "status=99",
            "slow=-1",
            "huge=x",
            "meteor",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
