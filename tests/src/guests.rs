//! Guests to load: the good one, and those that misbehave.

use std::fs;
use std::path::Path;

/// Where [`Bench::start_on`](crate::Bench::start_on) puts a guest.
pub const FILE: &str = "guest.wasm";
/// The line of a configuration that names it.
pub const GUEST: &str = "guest: { path: guest.wasm }\n";

/// The same, taking any guest for any other.
pub const ANY_GUEST: &str =
    "guest: { path: guest.wasm, allowNewCapabilities: true, canary: { sites: 0 } }\n";

/// The component whose behaviour is text in its data.
static WRITTEN: &[u8] = include_bytes!(env!("TEST_GUESTS_WASM"));
const MARK: &[u8] = b"BEHAVIOUR:";
const ROOM: usize = 48;

/// The guest that the program carries.
pub fn good() -> Vec<u8> {
    nbu_exporter::guest::built_in().to_vec()
}

/// The same with `note` in a custom section, which changes nothing but the digest.
/// `note` is shorter than 100 bytes.
pub fn good_with(note: &str) -> Vec<u8> {
    let length = u8::try_from(note.len()).unwrap();
    assert!(length < 100, "its length takes one byte");
    let mut bytes = good();
    // Identifier, length of the section, length of its name, its name.
    bytes.extend([0, length + 1, length]);
    bytes.extend(note.as_bytes());
    bytes
}

/// A guest that does `behaviour` (see `tests/guests/src/component.rs`) and
/// stamps its two families with `stamp`. Each has a digest of its own.
pub fn behaving(behaviour: &str, stamp: u32) -> Vec<u8> {
    let text = format!("BEHAVIOUR:{behaviour}:{stamp}");
    assert!(text.len() <= ROOM, "`{text}` is too long");
    let mut bytes = WRITTEN.to_vec();
    let at = bytes.windows(MARK.len()).position(|window| window == MARK);
    let at = at.expect("the component has a place for its behaviour");
    bytes[at..at + ROOM].fill(b' ');
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// A core module, which is what older tools make of the same sources.
pub fn core_module() -> Vec<u8> {
    wat::parse_str("(module (memory 1))").unwrap()
}

/// A component that exports nothing.
pub fn without_exports() -> Vec<u8> {
    wat::parse_str("(component)").unwrap()
}

/// A component that asks for something that the host does not give.
pub fn wanting(import: &str) -> Vec<u8> {
    // An instance without exports would be nothing to ask for.
    let instance = "(instance (export \"open\" (func)))";
    wat::parse_str(format!("(component (import \"{import}\" {instance}))")).unwrap()
}

/// Puts a guest where the host looks, in one step, as a careful operator does.
pub fn install(bytes: &[u8], path: &Path) {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, path).unwrap();
}
