//! Names of queue reasons: `admin.yaml GET /admin/jobs`, `jobQueueReason`.

/// The names of the codes from 1 on. NetBackup 10.5 added the code 31.
const NAMES: [&str; 31] = [
    "MEDIA_IN_USE",
    "DRIVES_IN_USE",
    "MEDIA_SERVER_OFFLINE",
    "ROBOT_DOWN",
    "MAX_STORAGE_UNIT_JOBS",
    "MEDIA_REQUEST_DELAY",
    "LOCAL_DRIVES_DOWN",
    "MEDIA_IN_DRIVE_IN_USE",
    "PHYSICAL_DRIVE_UNAVAILABLE",
    "CLEANING_MEDIA_UNAVAILABLE",
    "DRIVE_SCAN_HOST_OFFLINE",
    "DISK_MEDIA_SERVER_OFFLINE",
    "NO_MASTER_MEDIA_CONNECTIVITY",
    "MEDIA_SERVER_NON_ACTIVE_MODE",
    "STORAGEUNIT_JOB_COUNTS_THROTTLED",
    "JOB_HISTORY_DRIVES_IN_USE",
    "DISK_VOLUME_UNAVAILABLE",
    "MAX_CONCURRENT_VOLUME_READERS",
    "DISK_GROUP_UNAVAILABLE",
    "FAT_PIPE_IN_USE",
    "DISK_VOLUME_UNMOUNTING",
    "DISK_VOLUME_IN_USE",
    "MAX_PARTIAL_MEDIA",
    "LOGICAL_RESOURCE",
    "DRIVES_IN_STORAGE_UNIT_IN_USE",
    "STOP_DRIVE_SCAN",
    "DISK_VOLUME_MOUNTING",
    "MOUNT_FILE_EXISTS",
    "PENDING_ACTION",
    "DISK_VOLUME_STREAM_LIMIT",
    "MEDIA_SERVER_JOBS_THROTTLED",
];

/// The name of a code, or the code itself if it has no name.
pub(super) fn name(code: &str) -> &str {
    code.parse::<usize>()
        .ok()
        .and_then(|code| NAMES.get(code.checked_sub(1)?).copied())
        .unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_without_a_name_is_returned_as_it_is() {
        assert_eq!(name("1"), "MEDIA_IN_USE");
        assert_eq!(name("31"), "MEDIA_SERVER_JOBS_THROTTLED");
        for code in ["0", "32", "-99", "unknown"] {
            assert_eq!(name(code), code);
        }
    }
}
