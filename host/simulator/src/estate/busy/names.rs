//! The names of a busy estate.

use super::kinds::Kind;

/// How many machines are protected.
pub(super) const CLIENTS: u16 = 400;

/// How many policies each kind of jobs has.
const POLICIES: u16 = 4;

/// Names of machines, and what is made of them.
pub(crate) struct Names {
    clients: Vec<String>,
}

impl Names {
    pub(super) fn new() -> Self {
        let name = |number| format!("node-{number:03}");
        Self {
            clients: (1..=CLIENTS).map(name).collect(),
        }
    }

    /// `clientName`.
    pub(crate) fn client(&self, number: u16) -> &str {
        self.clients
            .get(usize::from(number))
            .map_or("", String::as_str)
    }
}

/// `policyName`: a machine is in one policy of a kind.
pub(super) fn policy(kind: &Kind, client: u16) -> String {
    let number = client % POLICIES + 1;
    format!("{}-{number}", kind.policy_type.to_lowercase())
}

/// `destinationMediaServerName`.
pub(super) fn media_server(client: u16) -> String {
    format!("media{:02}", client % 4 + 1)
}
