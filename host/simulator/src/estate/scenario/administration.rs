//! Licences, policies and posture of a scenario.

use jiff::{SignedDuration, Timestamp};

use super::site::Site;
use crate::estate::licence::{Entitlement, FrontEnd};
use crate::estate::policy::Policy;
use crate::estate::posture::{PausedClient, SecurityStatus, Ticket};

/// How many tickets there are in each state.
const TICKETS: [(&str, u64); 6] = [
    ("PENDING", 2),
    ("APPROVED", 3),
    ("REJECTED", 1),
    ("EXPIRED", 2),
    ("SCHEDULED", 1),
    ("DONE", 9),
];

/// Product, meter, type, status, count, multiplier, and days until the end. The
/// products are renewed: an expired entitlement is beside each active one. The end of a
/// perpetual one has passed, to show that it says nothing.
#[rustfmt::skip]
const ENTITLEMENTS: [(&str, &str, &str, &str, u64, f64, i64); 13] = [
    ("NetBackup Platform", "FETB", "SUBSCRIPTION", "ACTIVE", 120, 1.0, 400),
    ("NetBackup Platform", "FETB", "SUBSCRIPTION", "ACTIVE", 40, 1.5, 200),
    ("NetBackup Platform", "FETB", "SUBSCRIPTION", "EXPIRED", 100, 1.0, -3),
    ("NetBackup Platform", "FETB_PLUS", "SUBSCRIPTION", "ACTIVE", 20, 1.0, 90),
    ("NetBackup Server", "SERVER", "PERPETUAL", "ACTIVE", 12, 1.0, -2_000),
    ("NetBackup Server", "SERVER", "MAINTENANCE", "ACTIVE", 12, 1.0, 300),
    ("NetBackup Enterprise Server", "CPU", "PERPETUAL", "ACTIVE", 64, 2.0, -2_000),
    ("NetBackup Enterprise Server", "CPU", "MAINTENANCE", "EXPIRED", 64, 2.0, -40),
    ("NetBackup Enterprise Server", "CPU", "MAINTENANCE", "EXPIRED", 64, 2.0, -400),
    ("NetBackup for Partners", "SERVER", "PARTNER_PROGRAM", "ACTIVE", 2, 1.0, 45),
    ("NetBackup Trial", "FETB", "DEMO", "EXPIRED", 1, 1.0, -30),
    ("NetBackup Laboratory", "SERVER", "NOT_FOR_RESALE", "ACTIVE", 3, 1.0, 500),
    ("NetBackup Upgrade", "SERVER", "TEMP_PRODUCTION_UPGRADE", "ACTIVE", 1, 1.0, 20),
];

/// Type, active policies and inactive ones.
const POLICIES: [(&str, u64, u64); 8] = [
    ("Standard", 5, 1),
    ("MS-Windows", 3, 0),
    ("VMware", 4, 2),
    ("Oracle", 2, 1),
    ("MS-SQL-Server", 3, 0),
    ("NDMP", 1, 1),
    ("NBU-Catalog", 1, 0),
    ("DEPLOYMENT", 1, 1),
];

impl Site {
    /// The tickets of the last days.
    pub(in crate::estate) fn tickets(self) -> Vec<Ticket> {
        let states = TICKETS.into_iter();
        let states = states.flat_map(|(state, count)| (0..count).map(move |_| state));
        let tickets = states.zip(1..).map(|(state, id)| Ticket {
            id,
            state: state.to_owned(),
            created: self.created - SignedDuration::from_hours(7 * id as i64),
        });
        tickets.collect()
    }

    /// Twelve clients. NetBackup paused every third of them.
    pub(in crate::estate) fn paused_clients(self) -> Vec<PausedClient> {
        let client = |number: i64| PausedClient {
            client: format!("{}-paused{number:02}", self.town),
            trigger: if number % 3 == 0 {
                "AUTOMATIC"
            } else {
                "MANUAL"
            }
            .to_owned(),
            since: self.created - SignedDuration::from_hours(number),
        };
        (1..=12).map(client).collect()
    }

    /// A score that differs by site, and no freeze mode.
    pub(in crate::estate) fn security_status(self) -> SecurityStatus {
        SecurityStatus {
            risk_score: 31.5 + (self.seed % 7) as f64,
            frozen: false,
        }
    }

    /// The entitlements.
    pub(in crate::estate) fn entitlements(self) -> Vec<Entitlement> {
        let rows = ENTITLEMENTS.into_iter().zip(1..);
        let entitlements = rows.map(|(row, number)| {
            let (product, meter, kind, status, count, multiplier, days) = row;
            Entitlement {
                id: format!("{}-{number:04}", self.town),
                product: product.to_owned(),
                meter: meter.to_owned(),
                kind: kind.to_owned(),
                status: status.to_owned(),
                count,
                multiplier,
                ends: self.day(days),
            }
        });
        entitlements.collect()
    }

    /// This server and two others that it licenses.
    pub(in crate::estate) fn front_ends(self) -> Vec<FrontEnd> {
        let data = |number: u32| FrontEnd {
            primary: format!("{}-primary{number:02}", self.town),
            megabytes: 1_048_576.5 * f64::from(number),
        };
        (1..=3).map(data).collect()
    }

    /// The policies.
    pub(in crate::estate) fn policies(self) -> Vec<Policy> {
        let kinds = POLICIES.into_iter();
        let policies = kinds.flat_map(|(kind, active, inactive)| {
            (0..active + inactive).map(move |number| Policy {
                name: format!("{kind}-{number:02}"),
                kind: kind.to_owned(),
                active: number < active,
            })
        });
        policies.collect()
    }

    fn day(self, days: i64) -> Timestamp {
        self.created + SignedDuration::from_hours(24 * days)
    }
}
