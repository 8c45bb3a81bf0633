//! Anomalies of a window.

use crate::site::{Site, select, settings, window};

#[test]
fn anomalies_of_the_window_are_requested_in_the_order_of_their_creation() {
    let site = Site::new();
    site.families("anomalies");
    let mut settings = settings(&[]);
    settings.collectors = vec![select("anomalies", r#"{"window":"36h"}"#)];
    site.collect(&settings, &window(), &[]);
    let request = |since: &str| {
        format!(
            "/security/anomalies?filter=createdDateTime ge {since}&sort=createdDateTime\
             &page[limit]=100&page[offset]=0"
        )
    };
    let expected = ["2025-06-01T12:00:00Z", "2025-06-30T00:00:00Z"].map(request);
    assert_eq!(*site.asked.borrow(), expected);
}
