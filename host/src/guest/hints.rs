//! What to do about a failed collector, as in `docs/troubleshooting.md`.

use std::borrow::Cow;

use super::{FAULT, REDIRECT, STATE};
use crate::egress::Diagnosis;

/// Why connections fail, if it explains failures for these reasons. The guest does not
/// know it, so its own words give way to these.
pub fn unconnected<'d>(
    reasons: &[Cow<'static, str>],
    connection: Option<&'d Diagnosis>,
) -> Option<&'d Diagnosis> {
    let mut each = reasons.iter().map(Cow::as_ref);
    let connects = each.all(|reason| matches!(reason, "unreachable" | "timeout" | "malformed"));
    connection.filter(|_| connects && !reasons.is_empty())
}

/// One hint for each reason that has one. `is_up` says whether any collector can read
/// the site: if none can, no collector and no permission is at fault.
pub fn hints(reasons: &[Cow<'static, str>], permissions: &[String], is_up: bool) -> Vec<String> {
    let hints = reasons.iter();
    hints
        .filter_map(|reason| hint(reason, permissions, is_up))
        .collect()
}

fn hint(reason: &str, permissions: &[String], is_up: bool) -> Option<String> {
    let text = match reason {
        "unreachable" => "check `host`, `port`, firewall, `proxy` and `caFile` of the site",
        "timeout" => {
            "look at the load of NetBackup, or raise `timeouts` and `server.collectionTimeout`"
        }
        "unauthorized" if !is_up => "extend or replace the API key, or give its user a role",
        "unauthorized" if permissions.is_empty() => {
            "renew the API key, or give its role the missing permission"
        }
        "unauthorized" => {
            let list: Vec<_> = permissions.iter().map(|it| format!("`{it}`")).collect();
            let list = list.join(", ");
            return Some(format!(
                "if the API key is still valid, give its role the operation VIEW on {list}, or \
                 disable the collector"
            ));
        }
        "unsupported" if !is_up => {
            "check `uri`, `host` and `port` of the site, and whether its release is supported"
        }
        "unsupported" => "this release of NetBackup lacks the feature: switch the collector off",
        "busy" => {
            "the exporter waits as long as NetBackup asks; if it lasts, look at the load of NetBackup"
        }
        "status" => {
            "read NetBackup's own words in the failure, and give its support the \
                     `request_id` of the log"
        }
        REDIRECT => {
            "set `host`, `port`, `scheme` and `uri` to the address of NetBackup's API: redirects \
             are not followed"
        }
        "malformed" if !is_up => {
            "check `host`, `port` and `scheme`, and look for a proxy that answers"
        }
        "malformed" => {
            "if it found HTML, look for a proxy that answers; else report the failure with the \
             release of NetBackup"
        }
        "too-long" => "NetBackup's paging has no end: report it with the log line",
        "denied" => {
            "change the setting that the failure names; if it names none, return to the built-in guest"
        }
        FAULT => "look up the fault in the documentation, under guest faults",
        STATE => "look up saved counters in the documentation; the log names the file",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::REASONS;

    #[test]
    fn every_reason_of_the_host_has_a_hint() {
        for reason in REASONS {
            for is_up in [true, false] {
                assert!(hint(reason, &[], is_up).is_some(), "{reason}");
            }
        }
        assert_eq!(hint("own_reason", &[], true), None);
    }

    #[test]
    fn a_diagnosis_explains_failed_connections_alone() {
        let diagnosis = Diagnosis {
            error: "connection refused".to_owned(),
            hint: "check",
        };
        for (reasons, explained) in [
            (&["unreachable", "timeout"][..], true),
            (&["unreachable", "unauthorized"], false),
            (&["fault"], false),
            (&[], false),
        ] {
            let reasons: Vec<_> = reasons.iter().map(|&it| Cow::from(it)).collect();
            let found = unconnected(&reasons, Some(&diagnosis));
            assert_eq!(found.is_some(), explained, "{reasons:?}");
            assert_eq!(unconnected(&reasons, None), None);
        }
    }

    #[test]
    fn a_rejected_key_names_the_permissions_of_the_collector() {
        let text = hint("unauthorized", &["|MANAGE|JOBS|".to_owned()], true).unwrap();
        assert!(text.contains("`|MANAGE|JOBS|`"), "{text}");
    }

    #[test]
    fn no_collector_is_blamed_if_nothing_can_be_read() {
        let text = hint("unauthorized", &["|MANAGE|JOBS|".to_owned()], false).unwrap();
        assert!(!text.contains("JOBS"), "{text}");
        let text = hint("unsupported", &[], false).unwrap();
        assert!(text.contains("`uri`"), "{text}");
    }
}
