//! Print what a guest can do.

use std::path::Path;

use crate::app::Failure;
use crate::guest::{Capability, Engine, Guest};
use crate::swap::{Refusal, read};

use super::check::refused;
use super::{print, reference};

/// Of a file, or of the guest inside.
pub(super) async fn run(file: Option<&Path>, markdown: bool) -> Result<(), Failure> {
    let bytes = read(file).await.map_err(refused)?;
    let size = bytes.len();
    let engine = Engine::shared().map_err(Failure::Engine)?;
    let guest = Guest::load(&engine, bytes).await;
    let guest = guest.map_err(|error| refused(Refusal::Unloadable(error)))?;
    if markdown {
        return print(&reference::markdown(guest.manifest()));
    }
    print(&describe(&guest, size))
}

fn describe(guest: &Guest, size: usize) -> String {
    let mut lines = vec![
        format!("version  {}", guest.manifest().version),
        format!("sha256   {}", guest.digest()),
        format!("size     {size} bytes"),
    ];
    for capability in &guest.manifest().capabilities {
        collector(capability, &mut lines);
    }
    lines.push("\nimports".to_owned());
    lines.extend(guest.imports().iter().map(|import| format!("  {import}")));
    lines.join("\n") + "\n"
}

fn collector(capability: &Capability, lines: &mut Vec<String>) {
    let asked = if capability.cached {
        "cached for server.cacheTTL"
    } else {
        "every collection"
    };
    lines.push(format!("\ncollector {} ({asked})", capability.name));
    lines.push(format!("  {}", capability.summary));
    lines.push("  paths".to_owned());
    lines.extend(capability.paths.iter().map(|path| format!("    {path}")));
    lines.push("  metrics".to_owned());
    for family in &capability.families {
        let labels = family.labels.join(", ");
        lines.push(format!("    {} {{{labels}}}", family.name));
        lines.push(format!("      {}", family.help));
    }
}
