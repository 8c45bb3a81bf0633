//! The facts of licences, policies and posture.

use super::Truth;
use crate::estate::{Entitlement, FrontEnd, PausedClient, Policy, SecurityStatus, Ticket};

impl Truth {
    /// The tickets of multi-person authorization.
    pub fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    /// The clients whose protection is paused.
    pub fn paused_clients(&self) -> &[PausedClient] {
        &self.paused_clients
    }

    /// What the server says of its settings.
    pub fn security_status(&self) -> SecurityStatus {
        self.security_status
    }

    /// The entitlements.
    pub fn entitlements(&self) -> &[Entitlement] {
        &self.entitlements
    }

    /// The front-end data of each primary server.
    pub fn front_ends(&self) -> &[FrontEnd] {
        &self.front_ends
    }

    /// The policies.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }
}
