//! `storage.yaml GET /storage/robots-device-hosts`, which 10.3 lacks: everything
//! at once, without parameters. The bundle of 11.2 lacks the file: 11.0 is
//! carried forward.

use serde_json::{Value, json};

use super::resource::Ask;
use super::{Answer, or_bad_request};
use crate::{Estate, Strictness};

/// Answers the list.
pub(crate) fn device_hosts(estate: &Estate, ask: &Ask<'_>) -> Answer {
    or_bad_request(match ask.query.stranger(&[]) {
        Some(name) if ask.strictness == Strictness::Refuse => {
            Err(format!("`{name}` is not a parameter of this endpoint."))
        }
        _ => {
            let hosts = estate.device_hosts();
            let row = |host: &String| json!({ "type": "deviceHost", "id": host });
            Ok(json!({ "data": hosts.iter().map(row).collect::<Vec<Value>>() }))
        }
    })
}
