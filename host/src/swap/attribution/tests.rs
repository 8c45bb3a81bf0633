//! Compares the guest's report with the counted requests.

use super::*;

fn traffic(sent: u64, answered: u64) -> Traffic {
    Traffic {
        sent,
        answered,
        ..Traffic::default()
    }
}

fn claims() -> [FailureReason; 4] {
    [
        FailureReason::Unreachable("nobody is there".to_owned()),
        FailureReason::Timeout,
        FailureReason::Busy(None),
        FailureReason::Status(500),
    ]
}

#[test]
fn a_reported_outage_without_failed_requests_is_the_guests_fault() {
    for claim in claims() {
        assert_eq!(
            of_failure(&claim, &traffic(0, 0)),
            Attribution::Guest,
            "{claim:?}"
        );
    }
    let claim = FailureReason::Unauthorized;
    assert_eq!(of_failure(&claim, &traffic(9, 9)), Attribution::Guest);
}

#[test]
fn if_every_request_succeeded_only_a_timeout_is_uncertain() {
    for claim in claims() {
        let expected = match claim {
            FailureReason::Timeout => Attribution::Uncertain,
            _ => Attribution::Guest,
        };
        assert_eq!(of_failure(&claim, &traffic(9, 9)), expected, "{claim:?}");
    }
}

#[test]
fn only_an_unreachable_site_clears_the_guest_at_once() {
    let unreachable = Traffic {
        unreachable: 1,
        ..traffic(2, 0)
    };
    let partly = Traffic {
        unreachable: 1,
        ..traffic(2, 1)
    };
    let unavailable = Traffic {
        unavailable: 1,
        ..traffic(2, 2)
    };
    let cut_short = Traffic {
        cut_short: 1,
        ..traffic(2, 2)
    };
    for claim in claims() {
        let attribution = |traffic| of_failure(&claim, &traffic);
        assert_eq!(attribution(unreachable), Attribution::Site, "{claim:?}");
        for uncertain in [partly, unavailable, cut_short, traffic(2, 1)] {
            assert_eq!(
                attribution(uncertain),
                Attribution::Uncertain,
                "{claim:?}: {uncertain:?}"
            );
        }
    }
}

#[test]
fn failures_that_no_outage_explains_are_the_guests_fault() {
    let outage = Traffic {
        unreachable: 2,
        ..traffic(2, 0)
    };
    for claim in [
        FailureReason::Other(("own_reason".to_owned(), String::new())),
        FailureReason::Malformed(String::new()),
        FailureReason::TooLong(1),
        FailureReason::Denied(String::new()),
        FailureReason::Status(404),
        FailureReason::Unauthorized,
    ] {
        assert_eq!(of_failure(&claim, &outage), Attribution::Guest, "{claim:?}");
    }
}

#[test]
fn only_calls_with_requests_can_exceed_a_deadline_by_waiting() {
    let fault = |kind, traffic| Fault {
        kind,
        message: String::new(),
        traffic,
    };
    let overdue = |sent| of_fault(&fault(FaultKind::Deadline, traffic(sent, 0)));
    assert_eq!(overdue(0), Attribution::Guest);
    assert_eq!(overdue(1), Attribution::Uncertain);
    assert_eq!(
        of_fault(&fault(FaultKind::Trap, traffic(1, 0))),
        Attribution::Guest
    );
}
