//! Excessive results of the small exports.

use crate::component::bindings::exports::nbu::collector::collector::{
    Failure, ProbeAnswer, Problem, Reason,
};

use super::noise::CONTROLS;

/// This many problems with the settings.
pub(crate) fn picky(count: usize) -> Vec<Problem> {
    let problem = Problem {
        at: "apiVersion".to_owned(),
        message: "nothing is good enough".to_owned(),
        hint: None,
    };
    vec![problem; count]
}

/// A very long API version.
pub(crate) fn novel() -> Result<ProbeAnswer, Failure> {
    Ok(ProbeAnswer {
        api_version: "14.0 ".repeat(100_000),
        server_time: None,
    })
}

/// A failure whose texts contain terminal control characters.
pub(crate) fn controls() -> Result<ProbeAnswer, Failure> {
    Err(Failure {
        endpoint: CONTROLS.to_owned(),
        reason: Reason::Denied(CONTROLS.to_owned()),
        detail: Some(CONTROLS.to_owned()),
        request_id: Some(CONTROLS.to_owned()),
    })
}
