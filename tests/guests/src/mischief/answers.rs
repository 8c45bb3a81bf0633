//! Answers to the small questions that are too large.

use crate::component::bindings::exports::nbu::collector::collector::{
    Failure, ProbeAnswer, Problem, Reason,
};

use super::noise::CONTROLS;

/// So many complaints about the settings.
pub(crate) fn picky(count: usize) -> Vec<Problem> {
    let problem = Problem {
        at: "apiVersion".to_owned(),
        message: "nothing is good enough".to_owned(),
        hint: None,
    };
    vec![problem; count]
}

/// An API version that fills a shelf.
pub(crate) fn novel() -> Result<ProbeAnswer, Failure> {
    Ok(ProbeAnswer {
        api_version: "14.0 ".repeat(100_000),
        server_time: None,
    })
}

/// A failure whose texts steer a terminal.
pub(crate) fn controls() -> Result<ProbeAnswer, Failure> {
    Err(Failure {
        endpoint: CONTROLS.to_owned(),
        reason: Reason::Denied(CONTROLS.to_owned()),
        detail: Some(CONTROLS.to_owned()),
        request_id: Some(CONTROLS.to_owned()),
    })
}
