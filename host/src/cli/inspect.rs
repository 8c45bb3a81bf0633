//! Print what a guest can do.

use std::path::Path;
use std::sync::Arc;

use crate::app::ExitError;
use crate::guest::{Capability, Engine, Guest};
use crate::swap::{GuestFile, Provenance, ProvenanceError, Refusal};
use crate::telemetry::is_control_like;

use super::check::refused;
use super::{print, reference};

/// Of a file, or of the guest inside. Fails after printing when a key is given
/// and the signature is not good.
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
        return print(&reference::markdown(guest.manifest()));
    }
    let admitted = provenance.admit(&offered);
    print(&describe(&guest, &offered, &admitted))?;
    match admitted {
        Ok(_) => Ok(()),
        Err(why) => Err(refused(Refusal::Untrusted(why))),
    }
}

/// What is known of the signature.
fn signature(offered: &GuestFile, admitted: &Result<bool, ProvenanceError>) -> &'static str {
    match (admitted, &offered.signature) {
        (Ok(true), _) => "good, made with the given key",
        (Err(_), Some(_)) => "not good",
        (Ok(false), Some(_)) => "there is one; --public-key KEY verifies it",
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
        let help = family.help.replace(is_control_like, " ");
        lines.push(format!("      {help}"));
    }
}
