//! Print what a guest declares.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytesize::ByteSize;

use crate::app::ExitError;
use crate::guest::{
    CompileCost, ComponentLimits, DeclaredCollector, DeclaredKind, Engine, Guest, GuestLimits,
    Method, OptionKind,
};
use crate::swap::{GuestFile, Provenance, ProvenanceError, Refusal};
use crate::telemetry::is_control_like;

use super::check::refused;
use super::{metrics_reference, print};

/// The time limit of compiling a guest only to look at it.
const LONGEST_COMPILE: Duration = Duration::from_mins(10);

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
    let guest = load_patiently(engine, offered.bytes.clone()).await?;
    if markdown {
        return print(&metrics_reference::markdown(guest.manifest()));
    }
    let limits = GuestLimits::default().component;
    for warning in guest.compile_cost().iter().flat_map(|it| heavy(it, limits)) {
        eprintln!("warning: {warning}");
    }
    let admitted = provenance.admit(&offered);
    print(&describe(&guest, &offered, &admitted))?;
    match admitted {
        Ok(_) => Ok(()),
        Err(why) => Err(refused(Refusal::Untrusted(why))),
    }
}

/// Loads a guest with a long time limit, since nothing waits for these commands.
pub(super) async fn load_patiently(engine: &Arc<Engine>, bytes: Bytes) -> Result<Guest, ExitError> {
    let mut limits = GuestLimits::default();
    limits.component.compile = LONGEST_COMPILE;
    let guest = Guest::load_within(engine, bytes, limits).await;
    guest.map_err(|error| refused(Refusal::Unloadable(error)))
}

/// Warnings about a guest that takes more than half of a limit to compile.
fn heavy(cost: &CompileCost, limits: ComponentLimits) -> Vec<String> {
    let mut warnings = Vec::new();
    if cost.time * 2 > limits.compile {
        let (took, limit) = (cost.time.as_secs_f64(), limits.compile.as_secs());
        warnings.push(format!(
            "compiling took {took:.1} s, more than half of the default of `guest.limits.compileTimeout`, {limit} s; on a slower machine, raise it"
        ));
    }
    if cost.peak_memory * 2 > limits.memory as u64 {
        let (used, limit) = (ByteSize(cost.peak_memory), ByteSize(limits.memory as u64));
        warnings.push(format!(
            "compiling took {used}, more than half of the default of `guest.limits.compileMemory`, {limit}; for a larger guest, raise it"
        ));
    }
    warnings
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
        format!("name       {}", guest.manifest().name),
        format!("version    {}", guest.manifest().version),
        format!("contract   {}", guest.contract()),
        format!("sha256     {}", guest.digest()),
        format!("size       {} bytes", offered.bytes.len()),
        format!("signature  {}", signature(offered, admitted)),
    ];
    lines.extend(guest.compile_cost().map(|cost| {
        let (seconds, memory) = (cost.time.as_secs_f64(), ByteSize(cost.peak_memory));
        let functions = cost.functions;
        format!("compiling  {functions} functions in {seconds:.1} s with {memory}")
    }));
    for declared in &guest.manifest().collectors {
        collector(declared, &mut lines);
    }
    let highlights = guest.manifest().highlights.iter();
    let mut titles = highlights
        .map(|it| format!("  {}: {}", it.title, it.family))
        .peekable();
    if titles.peek().is_some() {
        lines.push("\nhighlights".to_owned());
        lines.extend(titles);
    }
    lines.push("\nimports".to_owned());
    lines.extend(guest.imports().iter().map(|import| format!("  {import}")));
    lines.join("\n") + "\n"
}

fn collector(declared: &DeclaredCollector, lines: &mut Vec<String>) {
    let read = match (declared.default_interval_seconds, declared.cached) {
        (Some(seconds), _) => format!("reused for {seconds} s"),
        (None, true) => "reused for server.cacheTTL".to_owned(),
        (None, false) => "read in every collection".to_owned(),
    };
    let default = match declared.enabled_by_default {
        true => "on by default",
        false => "off by default",
    };
    lines.push(format!("\ncollector {} ({default}, {read})", declared.name));
    lines.push(format!("  {}", declared.summary));
    if declared.state_version > 0 {
        lines.push(format!("  state version {}", declared.state_version));
    }
    let endpoints = declared.endpoints.iter().map(|it| {
        let method = match it.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        format!("{method} {}", it.path)
    });
    list("endpoints", endpoints, lines);
    list("permissions", declared.permissions.iter().cloned(), lines);
    let options = declared.options.iter().map(|it| {
        let default = it.default.as_deref().unwrap_or("required");
        let kind = kind(&it.kind);
        format!("{} ({kind}, {default}): {}", it.name, it.summary)
    });
    list("options", options, lines);
    lines.push("  metrics".to_owned());
    for family in &declared.families {
        let labels = family.labels.join(", ");
        let experimental = if family.experimental {
            " experimental"
        } else {
            ""
        };
        let kind = match family.kind {
            DeclaredKind::Gauge => "gauge",
            DeclaredKind::Counter => "counter",
            DeclaredKind::Histogram => "histogram",
        };
        let name = &family.name;
        lines.push(format!("    {name} {{{labels}}} {kind}{experimental}"));
        let help = family.help.replace(is_control_like, " ");
        lines.push(format!("      {help}"));
    }
}

/// The kind of an option with its bounds.
fn kind(kind: &OptionKind) -> String {
    match kind {
        OptionKind::Bool => "boolean".to_owned(),
        OptionKind::Integer((least, most)) => format!("{least} to {most}"),
        OptionKind::Duration((least, most)) => format!("{least} s to {most} s"),
        OptionKind::Text => "text".to_owned(),
        OptionKind::TextList => "list".to_owned(),
        OptionKind::Choice(choices) => choices.join("|"),
    }
}

/// A heading and a line for each item; nothing without items.
fn list(heading: &str, items: impl Iterator<Item = String>, lines: &mut Vec<String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        lines.push(format!("  {heading}"));
        lines.extend(items.map(|item| format!("    {item}")));
    }
}
