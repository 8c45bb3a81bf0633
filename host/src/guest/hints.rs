//! What to do about a failed collector, as in `docs/troubleshooting.md`.

use std::borrow::Cow;

use super::{FAULT, STATE};

/// One hint for each reason that has one.
pub fn hints(reasons: &[Cow<'static, str>], permissions: &[String]) -> Vec<String> {
    let hints = reasons.iter();
    hints
        .filter_map(|reason| hint(reason, permissions))
        .collect()
}

fn hint(reason: &str, permissions: &[String]) -> Option<String> {
    let text = match reason {
        "unreachable" => "check `host`, `port`, firewall, `proxy` and `caFile` of the site",
        "timeout" => "look at the load of NetBackup, or raise `timeouts`",
        "unauthorized" if permissions.is_empty() => {
            "renew the API key, or give its role the missing permission"
        }
        "unauthorized" => {
            let list: Vec<_> = permissions.iter().map(|it| format!("`{it}`")).collect();
            let list = list.join(", ");
            return Some(format!(
                "renew the API key, or give its role the permissions {list}"
            ));
        }
        "unsupported" => "this release of NetBackup lacks the feature: switch the collector off",
        "busy" => "nothing to do: the exporter waits as long as NetBackup asks",
        "status" => {
            "read NetBackup's own words in the failure, and give its support the \
                     `request_id` of the log"
        }
        "malformed" => "look for a proxy that answers with a page, or raise `maxResponseBytes`",
        "too-long" => "NetBackup's paging has no end: report it with the log line",
        "denied" => "raise the limit that the failure names, or return to the built-in guest",
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
            assert!(hint(reason, &[]).is_some(), "{reason}");
        }
        assert_eq!(hint("own_reason", &[]), None);
    }

    #[test]
    fn a_rejected_key_names_the_permissions_of_the_collector() {
        let text = hint("unauthorized", &["|MANAGE|JOBS|".to_owned()]).unwrap();
        assert!(text.contains("`|MANAGE|JOBS|`"), "{text}");
    }
}
