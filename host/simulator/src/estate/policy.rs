//! Policies.

use super::Estate;

/// A policy (`config_policies.yaml GET /config/policies/`).
#[derive(Clone, Debug)]
pub struct Policy {
    /// `data[].id`: the name.
    pub name: String,
    /// `data[].type`: the policy type.
    pub kind: String,
    /// `active`.
    pub active: bool,
}

impl Estate {
    /// Adds a policy, or replaces the one with the same name.
    pub fn add_policy(&mut self, policy: Policy) {
        self.policies.insert(policy.name.clone(), policy);
    }

    /// The policies.
    pub(crate) fn policies(&self) -> Vec<Policy> {
        self.with_scenario(&self.policies, |it| it.site.policies())
    }
}
