//! Licences.

use jiff::Timestamp;

use super::Estate;

/// An entitlement (`licensing.yaml GET /licensing/entitlements`).
#[derive(Clone, Debug)]
pub struct Entitlement {
    /// `data[].id` and `entitlementId`.
    pub id: String,
    /// `productName`.
    pub product: String,
    /// `licenseMeter`: `FETB`, `FETB_PLUS`, `CPU`, `SERVER`.
    pub meter: String,
    /// `licenseType`: `PERPETUAL`, `SUBSCRIPTION`, `DEMO`, …
    pub kind: String,
    /// `status`: `ACTIVE`, `EXPIRED`.
    pub status: String,
    /// `licenseCount`.
    pub count: u64,
    /// `countMultiplier`.
    pub multiplier: f64,
    /// `endDate`, also of a perpetual one: what it means there is not documented.
    pub ends: Timestamp,
}

/// The front-end data of a primary server (`licensing.yaml GET /licensing/capacity`).
#[derive(Clone, Debug)]
pub struct FrontEnd {
    /// `data[].id`.
    pub primary: String,
    /// `masterConsumptionMB`.
    pub megabytes: f64,
}

impl Estate {
    /// Adds an entitlement, or replaces the one with the same id.
    pub fn add_entitlement(&mut self, entitlement: Entitlement) {
        self.entitlements
            .insert(entitlement.id.clone(), entitlement);
    }

    /// Adds the data of a primary server, or replaces that of the same server.
    pub fn add_front_end(&mut self, data: FrontEnd) {
        self.front_ends.insert(data.primary.clone(), data);
    }

    /// The entitlements.
    pub(crate) fn entitlements(&self) -> Vec<Entitlement> {
        self.with_scenario(&self.entitlements, |it| it.site.entitlements())
    }

    /// The data of each primary server.
    pub(crate) fn front_ends(&self) -> Vec<FrontEnd> {
        self.with_scenario(&self.front_ends, |it| it.site.front_ends())
    }
}
