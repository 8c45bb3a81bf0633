//! Why series were dropped.

/// Why series were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The family's name is not a metric name.
    InvalidName,
    /// The family's name is reserved for the host.
    ReservedName,
    /// A label's name is invalid, reserved or used twice.
    InvalidLabel,
    /// The number of label values differs from the number of labels.
    LabelCount,
    /// The collector reported the family twice, or a series has the label values of
    /// another one.
    Duplicate,
    /// A gauge that is infinite or not a number.
    GaugeValue,
    /// A counter that is negative, infinite or not a number.
    CounterValue,
    /// A histogram whose buckets are not ascending, or do not match its count.
    Buckets,
    /// A counter or histogram that is lower than the same guest reported before.
    Fell,
    /// The manifest does not declare a family of this name.
    Undeclared,
    /// The manifest declares the family with another kind.
    WrongKind,
    /// The manifest declares the family with other labels.
    WrongLabels,
    /// The name of the family or of a label is too long.
    LongName,
    /// The value of a label is too long.
    LongLabel,
    /// The HELP is too long.
    LongHelp,
    /// The family has too many labels.
    TooManyLabels,
    /// The collector has too many families.
    TooManyFamilies,
    /// The family has too many series.
    FamilySeries,
    /// The collector has too many series with this family.
    CollectorSeries,
    /// The site has too many series with this family.
    SiteSeries,
    /// The text of the site is too large with this family.
    SiteSize,
    /// Another family of this name has another kind or other labels.
    Conflict,
    /// The family's name is the name of another family's samples.
    NameCollision,
}

impl Reason {
    /// Every reason, so that counters begin at 0.
    pub const ALL: [Self; 23] = [
        Self::InvalidName,
        Self::ReservedName,
        Self::InvalidLabel,
        Self::LabelCount,
        Self::Duplicate,
        Self::GaugeValue,
        Self::CounterValue,
        Self::Buckets,
        Self::Fell,
        Self::Undeclared,
        Self::WrongKind,
        Self::WrongLabels,
        Self::LongName,
        Self::LongLabel,
        Self::LongHelp,
        Self::TooManyLabels,
        Self::TooManyFamilies,
        Self::FamilySeries,
        Self::CollectorSeries,
        Self::SiteSeries,
        Self::SiteSize,
        Self::Conflict,
        Self::NameCollision,
    ];

    /// What is wrong, for reasons that do not concern the declaration.
    pub fn about_values(self) -> Option<&'static str> {
        match self {
            Self::GaugeValue => Some("the value is infinite or not a number"),
            Self::CounterValue => Some("the value is negative, infinite or not a number"),
            Self::Buckets => Some("the buckets do not ascend, or do not match the count"),
            Self::Duplicate => Some("another series has the same label values"),
            Self::LabelCount => {
                Some("a series has more or fewer label values than the family has labels")
            }
            Self::FamilySeries => Some("there are more series than `guest.limits.seriesPerFamily`"),
            Self::LongLabel => Some("a label value is longer than `guest.limits.labelSize`"),
            _ => None,
        }
    }

    /// Whether a declaration exceeds a limit of the configuration.
    pub fn exceeds_limit(self) -> bool {
        matches!(self, Self::LongName | Self::LongHelp | Self::TooManyLabels)
    }

    /// The value of the `reason` label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidName => "invalid-name",
            Self::ReservedName => "reserved-name",
            Self::InvalidLabel => "invalid-label",
            Self::LabelCount => "label-count",
            Self::Duplicate => "duplicate",
            Self::GaugeValue => "gauge-value",
            Self::CounterValue => "counter-value",
            Self::Buckets => "buckets",
            Self::Fell => "fell",
            Self::Undeclared => "undeclared",
            Self::WrongKind => "wrong-kind",
            Self::WrongLabels => "wrong-labels",
            Self::LongName => "long-name",
            Self::LongLabel => "long-label",
            Self::LongHelp => "long-help",
            Self::TooManyLabels => "too-many-labels",
            Self::TooManyFamilies => "too-many-families",
            Self::FamilySeries => "family-series",
            Self::CollectorSeries => "collector-series",
            Self::SiteSeries => "site-series",
            Self::SiteSize => "site-size",
            Self::Conflict => "conflict",
            Self::NameCollision => "name-collision",
        }
    }
}
