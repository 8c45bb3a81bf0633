//! Where the state is stored, at the start and with each reload.

use std::path::PathBuf;
use std::sync::Arc;

use tracing::error;

use super::services::Services;
use crate::collect::{StateDirError, Store};

/// The store in that folder: the one in use where the folder stays the same, else
/// one that is opened. Nothing is stored there yet. A folder that has gone bad
/// under its old name keeps no other setting from taking effect.
pub(super) async fn open(
    services: &Services,
    folder: Option<PathBuf>,
) -> Result<Option<Arc<Store>>, StateDirError> {
    let Some(folder) = folder else {
        return Ok(None);
    };
    let (present, instruments) = (services.memory.store(), services.instruments.clone());
    let named = folder.clone();
    let opened = tokio::task::spawn_blocking(move || match present {
        Some(store) if store.is_at(&folder) => Ok(store),
        Some(store) if store.is_named(&folder) => {
            let opened = Store::open(&folder, instruments).map(Arc::new);
            Ok(opened.unwrap_or_else(|unusable| {
                error!(
                    "The folder for the state is not what it was: {}",
                    elsewhere(&unusable)
                );
                store
            }))
        }
        _ => Store::open(&folder, instruments).map(Arc::new),
    });
    let opened = opened
        .await
        .unwrap_or_else(|error| Err(StateDirError::Denied(named, std::io::Error::other(error))));
    opened.map(Some)
}

/// Writes all that is known into the store, if it is another than the one in use.
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
        error!(%error, "Storing the state in another folder failed; it is tried again");
    }
}

/// What keeps another folder from taking the state.
pub(super) fn elsewhere(unusable: &StateDirError) -> String {
    if unusable.is_denied() {
        format!("{unusable}\n  hint: a folder outside of the one at the start needs a restart")
    } else {
        unusable.to_string()
    }
}

/// Stores what is not stored yet, on a thread that may block. Nobody waits for it:
/// a disk that hangs must not keep settings from taking effect.
pub(super) fn save(services: &Services) {
    let memory = Arc::clone(&services.memory);
    tokio::task::spawn_blocking(move || memory.save());
}
