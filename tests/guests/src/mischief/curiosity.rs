//! What a guest can learn about its environment.

use crate::component::bindings::exports::nbu::collector::collector::{Saved, Settings, Window};

/// Everything that a guest can learn about its environment.
pub(crate) fn echo(settings: &Settings, window: &Window, state: &[Saved]) -> String {
    let environment: Vec<_> = std::env::vars().collect();
    let arguments: Vec<_> = std::env::args().collect();
    let root = std::fs::read_dir("/").map(|entries| entries.count()).ok();
    format!(
        "{settings:?} {window:?} {state:?} environment={environment:?} \
         arguments={arguments:?} files={root:?}"
    )
}
