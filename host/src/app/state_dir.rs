//! Opens and fills the state directory, at startup and on reload.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info};

use super::services::Services;
use crate::collect::{StateDirError, Store};
use crate::site::SiteName;
use crate::suggestion::split_hints;

/// Opens the store. Returns the current one if the directory is the same. If a
/// directory of the same name was replaced and cannot be opened, the current store
/// stays in use, so that other settings can take effect.
pub(super) async fn open(
    services: &Services,
    folder: Option<PathBuf>,
) -> Result<Option<Arc<Store>>, StateDirError> {
    let Some(folder) = folder else {
        return Ok(None);
    };
    let (present, instruments) = (services.memory.store(), services.instruments.clone());
    let (named, events) = (folder.clone(), services.events.clone());
    let begin = move |folder: &Path| {
        Store::open(folder, instruments).map(|store| Arc::new(store.with_events(events)))
    };
    let opened = tokio::task::spawn_blocking(move || match present {
        Some(store) if store.is_at(&folder) => Ok(store),
        Some(store) if store.is_named(&folder) => {
            let opened = begin(&folder);
            Ok(opened.unwrap_or_else(|unusable| {
                let (reason, hint) = split_hints(&elsewhere(&unusable));
                error!(
                    reason,
                    hint, "State directory was replaced; still using the previous one"
                );
                store
            }))
        }
        _ => begin(&folder),
    });
    let opened = opened
        .await
        .unwrap_or_else(|error| Err(StateDirError::Denied(named, std::io::Error::other(error))));
    opened.map(Some)
}

/// Deletes the states of sites that other replicas collect.
pub(super) async fn delete_elsewhere(store: &Arc<Store>, sites: Vec<SiteName>) {
    let store = Arc::clone(store);
    let delete = move || {
        for site in sites {
            match store.delete(&site) {
                Ok(true) => info!(%site, "State deleted; another replica collects the site"),
                Ok(false) => {}
                Err(error) => {
                    error!(%site, %error, "State of a site of another replica cannot be deleted");
                }
            }
        }
    };
    if let Err(error) = tokio::task::spawn_blocking(delete).await {
        error!(%error, "Deleting the states of other replicas' sites failed");
    }
}

/// Copies the full state into the store, if it differs from the current one.
pub(super) async fn fill(services: &Services, store: Option<&Arc<Store>>) {
    let Some(store) = store.map(Arc::clone) else {
        return;
    };
    let memory = Arc::clone(&services.memory);
    if memory.store().is_some_and(|it| Arc::ptr_eq(&it, &store)) {
        return;
    }
    let filled = tokio::task::spawn_blocking(move || memory.copy_to(&store));
    if let Err(error) = filled.await {
        error!(%error, "Copying the state to the new directory failed; it will be retried");
    }
}

/// Explains why another directory cannot be used.
pub(super) fn elsewhere(unusable: &StateDirError) -> String {
    if unusable.is_denied() {
        format!("{unusable}\n  hint: restart the exporter to use another state directory")
    } else {
        unusable.to_string()
    }
}

/// Writes pending state on a blocking thread. The caller does not wait: a hanging disk
/// must not delay a reload.
pub(super) fn save(services: &Services) {
    let memory = Arc::clone(&services.memory);
    tokio::task::spawn_blocking(move || memory.save());
}
