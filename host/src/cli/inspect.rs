//! Print what a guest declares.

use std::path::Path;
use std::sync::Arc;

use crate::app::ExitError;
use crate::guest::{Capability, Engine, Guest};
use crate::swap::{GuestFile, Provenance, ProvenanceError, Refusal};
use crate::telemetry::is_control_like;

use super::check::refused;
use super::{metrics_reference, print};

/// Describes a file or the built-in guest. Fails after printing if a key is given
/// and the signature is invalid.
pub(super) async fn run(
    engine: &Arc<Engine>,
    file: Option<&Path>,
    public_key: Option<&str>,
    markdown: bool,
) -> Result<(), ExitError> {
    let key = public_key.map(|text| {
        let wrong = |what| ExitError::Command(format!("--public-key: `{text}` {what}"));
        text.parse().map_err(wrong)
    });
    let provenance = Provenance {
        public_key: key.transpose()?,
        ..Provenance::default()
    };
    let offered = GuestFile::read(file).await.map_err(refused)?;
    let guest = Guest::load(engine, offered.bytes.clone()).await;
    let guest = guest.map_err(|error| refused(Refusal::Unloadable(error)))?;
    if markdown {
        return print(&metrics_reference::markdown(guest.manifest()));
    }
    let admitted = provenance.admit(&offered);
    print(&describe(&guest, &offered, &admitted))?;
    match admitted {
        Ok(_) => Ok(()),
        Err(why) => Err(refused(Refusal::Untrusted(why))),
    }
}

fn signature(offered: &GuestFile, admitted: &Result<bool, ProvenanceError>) -> &'static str {
    match (admitted, &offered.signature) {
        (Ok(true), _) => "valid for the given key",
        (Err(_), Some(_)) => "invalid",
        (Ok(false), Some(_)) => "present; verify it with --public-key KEY",
        (_, None) => "none",
    }
}

fn describe(
    guest: &Guest,
    offered: &GuestFile,
    admitted: &Result<bool, ProvenanceError>,
) -> String {
    let mut lines = vec![
        format!("version    {}", guest.manifest().version),
        format!("sha256     {}", guest.digest()),
        format!("size       {} bytes", offered.bytes.len()),
        format!("signature  {}", signature(offered, admitted)),
    ];
    for capability in &guest.manifest().capabilities {
        collector(capability, &mut lines);
    }
    lines.push("\nimports".to_owned());
    lines.extend(guest.imports().iter().map(|import| format!("  {import}")));
    lines.join("\n") + "\n"
}

fn collector(capability: &Capability, lines: &mut Vec<String>) {
    let read = if capability.cached {
        "reused for server.cacheTTL"
    } else {
        "read in every collection"
    };
    lines.push(format!("\ncollector {} ({read})", capability.name));
    lines.push(format!("  {}", capability.summary));
    lines.push("  paths".to_owned());
    lines.extend(capability.paths.iter().map(|path| format!("    {path}")));
    lines.push("  metrics".to_owned());
    for family in &capability.families {
        let labels = family.labels.join(", ");
        lines.push(format!("    {} {{{labels}}}", family.name));
        let help = family.help.replace(is_control_like, " ");
        lines.push(format!("      {help}"));
    }
}
