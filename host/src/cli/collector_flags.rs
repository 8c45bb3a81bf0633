//! The flags `--collector.NAME` and `--no-collector.NAME`. Guests declare collectors, so
//! the definition of the command line does not have these flags.

use std::ffi::OsString;

use crate::config::CollectorFlag;

/// Takes the flags of collectors out of the arguments, up to `--`.
pub(super) fn collector_flags(arguments: Vec<OsString>) -> (Vec<OsString>, Vec<CollectorFlag>) {
    let mut flags = Vec::new();
    let mut rest = Vec::new();
    let mut all = arguments.into_iter();
    for argument in all.by_ref() {
        match argument.to_str().and_then(flag) {
            Some(flag) => flags.push(flag),
            None => rest.push(argument),
        }
        if rest.last().is_some_and(|it| it == "--") {
            break;
        }
    }
    rest.extend(all);
    (rest, flags)
}

fn flag(argument: &str) -> Option<CollectorFlag> {
    let (name, enabled) = match argument.strip_prefix("--collector.") {
        Some(name) => (name, true),
        None => (argument.strip_prefix("--no-collector.")?, false),
    };
    Some(CollectorFlag {
        name: name.to_owned(),
        enabled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_collectors_are_taken_out_before_a_double_dash() {
        let line = "nbu_exporter --collector.tape check --no-collector.jobs -- --collector.slo";
        let (rest, flags) = collector_flags(line.split(' ').map(OsString::from).collect());
        assert_eq!(rest, ["nbu_exporter", "check", "--", "--collector.slo"]);
        let flags: Vec<_> = flags.iter().map(ToString::to_string).collect();
        assert_eq!(flags, ["--collector.tape", "--no-collector.jobs"]);
    }
}
