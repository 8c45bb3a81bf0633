//! How resources spell the same things differently.

/// How jobs, images and alerts spell the type of a policy.
const POLICY_TYPES: [(&str, &str, &str); 8] = [
    ("STANDARD", "Standard", "STANDARD"),
    ("WINDOWS_NT", "MS-Windows", "MS-WINDOWS"),
    ("VMWARE", "VMware", "VMWARE"),
    ("HYPERV", "Hyper-V", "HYPER-V"),
    ("OBACKUP", "Oracle", "ORACLE"),
    ("SQL_SERVER", "MS-SQL-Server", "MS-SQL-SERVER"),
    ("NDMP", "NDMP", "NDMP"),
    ("NBU_CATALOG", "NBU-Catalog", "NBU-CATALOG"),
];

/// The policy type of a job in the words of an image.
pub(super) fn image_policy_type(policy_type: &str) -> &'static str {
    let found = POLICY_TYPES.iter().find(|(job, ..)| *job == policy_type);
    found.map_or("Standard", |(_, image, _)| image)
}

/// The policy type of a job in the words of an alert.
pub(super) fn alert_policy_type(policy_type: &str) -> &'static str {
    let found = POLICY_TYPES.iter().find(|(job, ..)| *job == policy_type);
    found.map_or("GENERIC", |(.., alert)| alert)
}

/// The schedule type of a job in the words of an image, which has none for logs.
pub(super) fn image_schedule(schedule_type: &str) -> &'static str {
    match schedule_type {
        "FULL_BACKUP" => "FULL",
        "DIFFERENTIAL_INCREMENTAL_BACKUP" => "DIFFERENTIAL_INCREMENTAL",
        "CUMULATIVE_INCREMENTAL_BACKUP" => "CUMULATIVE_INCREMENTAL",
        _ => "USER_BACKUP",
    }
}
