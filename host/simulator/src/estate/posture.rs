//! The security posture of the server.

use jiff::Timestamp;

use super::Estate;

/// A ticket of multi-person authorization (`security.yaml GET /security/mpa-tickets`).
#[derive(Clone, Debug)]
pub struct Ticket {
    /// `data[].id`.
    pub id: u64,
    /// `currentState`: `PENDING`, `APPROVED`, `REJECTED`, `EXPIRED`, `CANCELED`,
    /// `SCHEDULED`, `DONE`.
    pub state: String,
    /// `createdDateTime`.
    pub created: Timestamp,
}

/// A client whose protection is paused (`hostproperties.yaml GET
/// /config/paused-clients`).
#[derive(Clone, Debug)]
pub struct PausedClient {
    /// `displayName`.
    pub client: String,
    /// `triggerMethod`: `AUTOMATIC`, `MANUAL`.
    pub trigger: String,
    /// `blockedTime`.
    pub since: Timestamp,
}

/// What the server says of its own settings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SecurityStatus {
    /// `platformRiskScore`, from 0 to 100 (`security.yaml GET /security/status`, from
    /// 10.5 on).
    pub risk_score: f64,
    /// `freezeModeEnabled` (`security.yaml GET /security/serverinfo`, from 11.2 on).
    pub frozen: bool,
}

impl Estate {
    /// Adds a ticket, or replaces the one with the same id.
    pub fn add_ticket(&mut self, ticket: Ticket) {
        self.tickets.insert(ticket.id, ticket);
    }

    /// Adds a paused client, or replaces the one with the same name.
    pub fn add_paused_client(&mut self, client: PausedClient) {
        self.paused_clients.insert(client.client.clone(), client);
    }

    /// Replaces what the server says of its settings.
    pub fn set_security_status(&mut self, status: SecurityStatus) {
        self.security_status = Some(status);
    }

    /// The tickets.
    pub(crate) fn tickets(&self) -> Vec<Ticket> {
        self.with_scenario(&self.tickets, |it| it.site.tickets())
    }

    /// The paused clients.
    pub(crate) fn paused_clients(&self) -> Vec<PausedClient> {
        self.with_scenario(&self.paused_clients, |it| it.site.paused_clients())
    }

    /// What the server says of its settings.
    pub(crate) fn security_status(&self) -> SecurityStatus {
        let planned = || self.scenario.as_ref().map(|it| it.site.security_status());
        self.security_status.or_else(planned).unwrap_or_default()
    }
}
