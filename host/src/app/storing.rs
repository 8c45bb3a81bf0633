//! Where the state is stored, at the start and with each reload.

use std::path::PathBuf;
use std::sync::Arc;

use super::rooms::Rooms;
use crate::collect::{Store, Unusable};

/// The store in that folder: the one in use where the folder stays the same, else
/// one that is opened. Nothing is stored there yet.
pub(super) async fn open(
    rooms: &Rooms,
    folder: Option<PathBuf>,
) -> Result<Option<Arc<Store>>, Unusable> {
    let Some(folder) = folder else {
        return Ok(None);
    };
    let (present, instruments) = (rooms.memory.store(), rooms.instruments.clone());
    let named = folder.clone();
    let opened = tokio::task::spawn_blocking(move || match present {
        Some(store) if store.is_at(&folder) => Ok(store),
        _ => Store::open(&folder, instruments).map(Arc::new),
    });
    let opened = opened
        .await
        .unwrap_or_else(|error| Err(Unusable::Denied(named, std::io::Error::other(error))));
    opened.map(Some)
}

/// Stores what is not stored yet, off the runtime's threads.
pub(super) async fn save(rooms: &Rooms) {
    let memory = Arc::clone(&rooms.memory);
    if tokio::task::spawn_blocking(move || memory.save())
        .await
        .is_err()
    {
        tracing::error!("Storing the state failed; it is tried again with the next collections");
    }
}
