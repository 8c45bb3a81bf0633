//! The attributes of an image, with the table of filters. There is no sort: the
//! sorted columns are for the default order.
//!
//! Dates that are never set are null in prose and dates in the schema. The simulator
//! follows the schema: they are the beginning of 1970.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::column::{Column, Datum, Ops};
use crate::estate::Image;
use crate::release::Release;

type C = Column<Image>;

const fn zero(name: &'static str) -> C {
    C::shown(name, |_| Datum::Int(0))
}

const fn empty(name: &'static str) -> C {
    C::shown(name, |_| Datum::text(""))
}

const fn no(name: &'static str) -> C {
    C::shown(name, |_| Datum::Flag(false))
}

const fn never(name: &'static str) -> C {
    C::shown(name, |_| Datum::Time(Timestamp::UNIX_EPOCH))
}

pub(super) static COLUMNS: &[C] = &[
    // Identity.
    C::hidden("backupId", |i| Datum::Text(i.id().into())).text(Ops::EQ),
    C::shown("backupTime", |i| Datum::Time(i.backup_time))
        .time_with(Ops::RANGE)
        .sorted(),
    C::shown("clientName", |i| Datum::text(&i.client)).text(Ops::EQ),
    C::shown("policyType", |i| Datum::text(&i.policy_type)).text(Ops::EQ),
    C::shown("policyName", |i| Datum::text(&i.policy)).text(Ops::WORDS),
    C::shown("scheduleName", |i| Datum::text(&i.schedule)),
    C::shown("scheduleType", |i| Datum::text(&i.schedule_type)).text(Ops::EQ),
    C::shown("jobId", |i| i.job.into()),
    C::shown("appType", app_type).text(Ops::EQ),
    C::shown("vmType", |_| Datum::text("NONE")),
    C::shown("providerGeneratedId", |_| Datum::text("")).text(Ops::EQ),
    // The filter's wildcards are not simulated.
    C::shown("keyword", |_| Datum::text("")).text(Ops::EQ),
    C::shown("imageType", |_| Datum::text("NORMAL")),
    C::shown("backupCopyType", |_| Datum::text("DEFAULT")),
    C::shown("version", |_| Datum::Int(18)),
    // Result.
    C::shown("backupStatus", |i| Datum::Int(i.status)),
    C::shown("elapsedTimeSeconds", |i| Datum::Int(i.elapsed.as_secs())),
    C::shown("kbytes", |i| i.kilobytes.into()),
    // All bundles describe bytes and name kilobytes: the simulator follows the name.
    C::shown("kbytesDataTransferred", |i| i.kilobytes.into()),
    C::shown("numFiles", |i| i.files.into()),
    C::shown("numCopies", |_| Datum::Int(1)),
    C::shown("primaryCopy", |_| Datum::Int(1)),
    C::shown("numberFragments", |_| Datum::Int(1)),
    C::shown("fragments", |i| Datum::Nested(json!([fragment(i)]))),
    C::hidden("copyDteMode", |_| Datum::text("OFF")).text(Ops::EQ),
    C::hidden("hierarchicalDteMode", |_| Datum::text("OFF")).text(Ops::EQ),
    C::hidden("heldForDependentCopy", |_| Datum::text("NO")).text(Ops::EQ),
    // Retention.
    C::shown("expiration", |i| Datum::Time(i.expiration)),
    C::shown("retentionLevel", |_| Datum::Int(1)),
    never("remoteExpirationDate"),
    never("tirExpirationDate"),
    never("blockIncrementalFullTime"),
    // Findings.
    C::shown("malwareScanResult", |i| Datum::text(&i.scan_result)).text(Ops::EQ),
    C::shown("anomalyStatus", |i| Datum::text(&i.anomaly_status))
        .text(Ops::EQ)
        .since(Release::V10_4),
    C::shown("anomalySeverity", |i| Datum::text(&i.anomaly_severity))
        .text(Ops::EQ)
        .since(Release::V10_4),
    C::shown("anomalyScore", |_| Datum::Float(0.0)).since(Release::V10_5),
    C::shown("fileScanResult", |_| Datum::text("NOT_PROCESSED"))
        .text(Ops::EQ)
        .since(Release::V10_5),
    C::shown("fileHashSearchResult", |_| {
        Datum::text("NO_FILE_HASH_FOUND")
    })
    .text(Ops::EQ)
    .since(Release::V11_0),
    C::shown("malwareStatus", |i| Datum::text(&i.malware_status))
        .text(Ops::EQ)
        .since(Release::V11_0),
    // Not simulated.
    C::shown("isOptimized", |_| Datum::Flag(false)).flag(),
    C::shown("imageDteMode", |_| Datum::text("OFF")).text(Ops::EQ),
    C::shown("intelligentCatalogArchiving", |_| Datum::text("NO")).text(Ops::EQ),
    C::shown("streamNumber", |_| Datum::Int(0)).number(Ops::EQ),
    zero("streamAggregatedKbytes"),
    zero("streamAggregatedFiles"),
    zero("clientCharset"),
    no("compression"),
    C::shown("encryption", |_| Datum::text("NONE")),
    C::shown("contentFile", |i| {
        Datum::Text(format!("{}.f", i.id()).into())
    }),
    C::shown("contentFileSize", |_| Datum::text("1024")),
    C::shown("contentFileCompressed", |_| Datum::text("NOT")),
    C::shown("creator", |_| Datum::text("root")),
    empty("dataClassification"),
    C::shown("drMediaList", |_| Datum::Nested(json!([]))),
    no("extendedSecurityInfo"),
    no("fileSystemOnly"),
    zero("imageDumpLevel"),
    no("mpx"),
    C::shown("originMasterServer", |_| Datum::text("primary")),
    zero("pfiType"),
    empty("proxyClient"),
    zero("slpVersion"),
    zero("slpCompleted"),
    empty("slpName"),
    C::shown("onHold", |_| Datum::text("NO")).since(Release::V11_2),
    C::shown("tirInfo", |_| Datum::text("NO")).since(Release::V11_2),
    C::shown("fileRestoreRaw", |_| Datum::text("NO")).since(Release::V11_2),
    empty("objectDescriptor").since(Release::V11_2),
];

fn app_type(image: &Image) -> Datum<'_> {
    Datum::text(match image.policy_type.as_str() {
        "VMware" => "VMWARE",
        "Hyper-V" => "HYPERV",
        _ => "NONE",
    })
}

/// The only fragment of the only copy.
fn fragment(image: &Image) -> Value {
    json!({
        "copyNumber": 1,
        "copyDate": shown(image.backup_time + image.elapsed),
        "copyDteMode": "OFF",
        "hierarchicalDteMode": "OFF",
        "heldForDependentCopy": "NO",
        "dataFormat": "TAR",
        "expiration": shown(image.expiration),
        "fileNumber": 1,
        "host": image.media_server,
        "kbytes64": image.kilobytes,
        "mediaId": "@aaa00",
        "mediaType": 0,
        "retentionLevel": 1,
    })
}

fn shown(time: Timestamp) -> String {
    crate::column::iso(time)
}
