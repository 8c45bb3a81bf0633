//! How old the last backups of clients are, and the order of finished jobs.

use guest::contract::ReportedFamily;

use super::{Series, catalog, done, finished};
use crate::site::{NOW, Site};
use crate::text::{samples, value};

/// A backup of a client.
fn of_client(id: u64, client: &str, status: u64, more: &str) -> String {
    done(id, status, &format!(r#","clientName":"{client}"{more}"#))
}

fn clients(families: &[ReportedFamily], last_success: &str) -> Option<f64> {
    let labels = format!(r#"policy_type="P",last_success="{last_success}""#);
    value(families, &format!("nbu_clients{{{labels}}}"))
}

fn overdue(families: &[ReportedFamily], client: &str) -> Option<f64> {
    let sample = format!(r#"nbu_client_overdue_seconds{{client="{client}"}}"#);
    value(families, &sample)
}

const HOUR: u64 = 3600;

#[test]
fn clients_are_counted_by_the_age_of_their_last_success_and_late_ones_are_named() {
    let logs = r#","scheduleType":"TRANSACTION_LOG_BACKUP""#;
    let first = [
        of_client(1, "good", 0, ""),
        of_client(2, "partial", 1, ""),
        of_client(3, "bad", 96, ""),
        of_client(4, "logs", 0, logs),
        of_client(5, "parent", 0, r#","childCount":1"#),
        of_client(6, "snapshot", 156, "").replace("BACKUP", "SNAPSHOT"),
        of_client(7, "restored", 0, "").replace("BACKUP", "RESTORE"),
    ];
    let mut series = Series::default();
    let families = series.collect(&finished(&first), NOW);
    assert_eq!(clients(&families, "24h"), Some(4.0));
    assert!(!samples(&families).contains("nbu_client_overdue_seconds"));

    // A day later one client succeeds, one fails and one has a log backup.
    let later = [
        of_client(11, "good", 0, ""),
        of_client(12, "bad", 96, ""),
        of_client(13, "partial", 0, logs),
    ];
    let later = later.map(|row| row.replace("2025-07-01", "2025-07-02"));
    let families = series.collect(&finished(&later), NOW + 25 * HOUR);
    let counts = ["24h", "48h", "7d", "older"].map(|class| clients(&families, class));
    assert_eq!(counts, [Some(1.0), Some(3.0), Some(0.0), Some(0.0)]);
    assert_eq!(overdue(&families, "good"), None);
    for late in ["bad", "partial", "snapshot"] {
        assert_eq!(overdue(&families, late), Some((HOUR + 10) as f64), "{late}");
    }
    let families = series.collect(&Site::new(), NOW + 7 * 24 * HOUR + HOUR);
    let counts = ["24h", "48h", "7d", "older"].map(|class| clients(&families, class));
    assert_eq!(counts, [Some(0.0), Some(0.0), Some(1.0), Some(3.0)]);
}

#[test]
fn only_the_oldest_late_clients_are_named_and_lost_ones_are_forgotten() {
    let mut series = Series {
        options: r#"{"maxOverdue":2,"forget":"240h"}"#,
        ..Series::default()
    };
    for day in 1..=3 {
        let row = of_client(day, &format!("client{day}"), 0, "");
        let site = finished(&[row.replace("2025-07-01", &format!("2025-07-0{day}"))]);
        series.collect(&site, NOW + (day - 1) * 24 * HOUR);
    }
    let families = series.collect(&Site::new(), NOW + 5 * 24 * HOUR);
    let named = ["client1", "client2", "client3"].map(|it| overdue(&families, it).is_some());
    assert_eq!(named, [true, true, false]);
    let families = series.collect(&Site::new(), NOW + 10 * 24 * HOUR + HOUR);
    assert_eq!(
        clients(&families, "older"),
        Some(2.0),
        "the first is forgotten"
    );
}

#[test]
fn a_server_that_ignores_the_order_is_logged_once() {
    let at = |id: u64, minute: u64| catalog(id, 0, minute, "").replace("NBU_CATALOG", "P");
    let mut series = Series::default();
    series.collect(&finished(&[at(1, 20), at(2, 30)]), NOW);
    assert_eq!(series.log.0.borrow().len(), 0, "{:?}", series.log.0);
    for minute in 1..4 {
        series.collect(&finished(&[at(4, 40), at(3, 35)]), NOW + minute * 60);
    }
    let logged = series.log.0.borrow();
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(logged[0].contains("ignores `sort`"), "{logged:?}");
}

#[test]
fn a_good_snapshot_is_no_backup_and_an_older_success_changes_nothing() {
    let mut series = Series::default();
    series.collect(&finished(&[of_client(1, "c", 0, "")]), NOW);
    let older = of_client(2, "c", 0, "").replace("11:59:50", "11:59:10");
    let later = of_client(3, "c", 0, "").replace("BACKUP", "SNAPSHOT");
    let later = later.replace("2025-07-01", "2025-07-02");
    series.collect(&finished(&[older]), NOW + 60);
    let families = series.collect(&finished(&[later]), NOW + 24 * HOUR);
    assert_eq!(overdue(&families, "c"), Some(10.0));
}

#[test]
fn a_client_whose_jobs_fail_is_not_forgotten_and_its_oldest_policy_type_decides() {
    let mut series = Series {
        options: r#"{"forget":"48h"}"#,
        ..Series::default()
    };
    let other = of_client(9, "c", 0, "").replace(r#""policyType":"P""#, r#""policyType":"Q""#);
    series.collect(&finished(&[of_client(1, "c", 0, ""), other.clone()]), NOW);
    for day in 2..=4 {
        let at = |row: String| row.replace("2025-07-01", &format!("2025-07-0{day}"));
        let failed = at(of_client(day, "c", 96, ""));
        let good = at(other.replace(r#""jobId":9"#, &format!(r#""jobId":9{day}"#)));
        series.collect(&finished(&[failed, good]), NOW + (day - 1) * 24 * HOUR);
    }
    let families = series.collect(&Site::new(), NOW + 3 * 24 * HOUR);
    assert_eq!(clients(&families, "7d"), Some(1.0));
    assert_eq!(overdue(&families, "c"), Some((2 * 24 * HOUR + 10) as f64));
}

#[test]
fn late_clients_are_named_by_age_and_not_by_name() {
    let mut series = Series {
        options: r#"{"maxOverdue":1}"#,
        ..Series::default()
    };
    let first = of_client(1, "z", 0, "").replace("11:59:50", "11:59:10");
    series.collect(&finished(&[first, of_client(2, "a", 0, "")]), NOW);
    let families = series.collect(&Site::new(), NOW + 25 * HOUR);
    assert_eq!(overdue(&families, "z"), Some((HOUR + 50) as f64));
    assert_eq!(overdue(&families, "a"), None);
}
