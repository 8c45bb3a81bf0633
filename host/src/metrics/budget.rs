//! Limits on the metrics of one collector.

/// Limits on a report. A family that exceeds one is dropped, and the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Families of one collector.
    pub families: usize,
    /// Series of one family.
    pub family_series: usize,
    /// Series of all families of one collector.
    pub collector_series: usize,
    /// Labels of one family.
    pub labels: usize,
    /// Bytes of the name of a family or of a label.
    pub name_bytes: usize,
    /// Bytes of a label's value.
    pub value_bytes: usize,
    /// Bytes of a family's HELP.
    pub help_bytes: usize,
}

/// Limits on what one site shows, all collectors together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteLimits {
    /// Series.
    pub series: usize,
    /// Bytes of the text. A label's name is declared once, but each line has it.
    pub bytes: usize,
}

impl Default for SiteLimits {
    fn default() -> Self {
        Self {
            series: 200_000,
            bytes: 64 << 20,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            families: 500,
            family_series: 10_000,
            collector_series: 100_000,
            labels: 30,
            name_bytes: 200,
            value_bytes: 1 << 10,
            help_bytes: 1 << 10,
        }
    }
}
