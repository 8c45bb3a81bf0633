//! `storage.yaml GET /storage/robots-device-hosts`, which 10.3 lacks: all hosts
//! in one answer, without parameters. The bundle of 11.2 lacks the file: 11.0 is
//! carried forward.

use serde_json::{Value, json};

use super::resource::ResourceRequest;
use crate::answer::Answer;
use crate::estate::Estate;
use crate::options::Strictness;

/// Answers the list.
pub(crate) fn device_hosts(estate: &Estate, request: &ResourceRequest<'_>) -> Answer {
    Answer::of(match request.query.unknown(&[]) {
        Some(name) if request.strictness == Strictness::Refuse => {
            Err(format!("`{name}` is not a parameter of this endpoint."))
        }
        _ => {
            let hosts = estate.device_hosts();
            let row = |host: &String| json!({ "type": "deviceHost", "id": host });
            Ok(json!({ "data": hosts.iter().map(row).collect::<Vec<Value>>() }))
        }
    })
}
