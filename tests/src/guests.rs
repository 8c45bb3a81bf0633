//! Guests for tests: the built-in one, and misbehaving ones.

use std::fs;
use std::path::Path;

/// The file of a guest for [`Bench::start_on`](crate::Bench::start_on).
pub const FILE: &str = "guest.wasm";
/// The line of a configuration that names this file.
pub const GUEST: &str = "guest: { path: guest.wasm }\n";

/// The same, accepting new capabilities and without canaries.
pub const ANY_GUEST: &str =
    "guest: { path: guest.wasm, allowNewCapabilities: true, canary: { sites: 0 } }\n";

/// The component whose behaviour is text in its data.
static WRITTEN: &[u8] = include_bytes!(env!("TEST_GUESTS_WASM"));
/// `guest/examples/minimal`.
pub static MINIMAL: &[u8] = include_bytes!(env!("TEST_MINIMAL_GUEST_WASM"));
/// Exports both versions of the contract.
pub static BOTH: &[u8] = include_bytes!(env!("TEST_BOTH_GUEST_WASM"));
/// A default guest of contract 0.1, as it was released. Its digest is in the file beside.
pub static CONTRACT_0_1: &[u8] = include_bytes!("../guests/contract-0.1/guest.wasm");
/// `guest/examples/rust`.
pub static EXAMPLE: &[u8] = include_bytes!(env!("TEST_EXAMPLE_GUEST_WASM"));
const MARK: &[u8] = b"BEHAVIOUR:";
const ROOM: usize = 48;

/// The built-in guest of the program.
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

/// A guest that behaves at each site as the last segment of its base path says.
pub fn by_site() -> Vec<u8> {
    behaving("by-site", 1)
}

/// A well-behaved guest whose instantiation also makes `count` instances of this core
/// module (as WAT).
pub fn with_module(wat: &str, count: usize) -> Vec<u8> {
    // The binary format: https://github.com/WebAssembly/component-model,
    // `Binary.md`. A core module is section 1, core instances are section 2;
    // sections may be added at the end.
    let mut bytes = behaving("steady", 1);
    let index = core_modules(&bytes);
    section(&mut bytes, 1, &wat::parse_str(wat).unwrap());
    let mut instances = leb128(count);
    for _ in 0..count {
        // `instantiate` of that module, with no arguments.
        instances.push(0);
        instances.extend(leb128(index));
        instances.push(0);
    }
    section(&mut bytes, 2, &instances);
    bytes
}

/// A well-behaved guest with additional functions that take very long to compile:
/// they have far more blocks and variables than usual.
pub fn bomb(functions: usize, variables: usize) -> Vec<u8> {
    let mut body = String::new();
    for n in 0..variables {
        body += &format!(
            "(local.set {n} (i32.add (local.get {n}) (i32.const {n})))\
             (if (local.get {n}) (then (local.set 0 (local.get {n}))))"
        );
    }
    let locals = "i32 ".repeat(variables);
    let function = format!("(func (local {locals}) (loop {body} (br_if 0 (local.get 1))))");
    with_module(&format!("(module {})", function.repeat(functions)), 0)
}

/// A well-behaved guest of the contract's other version, such as `0.2.0`.
pub fn of_contract(version: &str) -> Vec<u8> {
    let mut bytes = behaving("steady", 1);
    for interface in ["collector", "log", "metrics"] {
        let ours = format!("nbu:collector/{interface}@0.1.0").into_bytes();
        let other = format!("nbu:collector/{interface}@{version}").into_bytes();
        assert_eq!(ours.len(), other.len(), "lengths stand before the names");
        for at in 0..bytes.len() - ours.len() {
            if bytes[at..].starts_with(&ours) {
                bytes[at..at + other.len()].copy_from_slice(&other);
            }
        }
    }
    bytes
}

fn core_modules(component: &[u8]) -> usize {
    let (mut at, mut modules) = (8, 0);
    while at < component.len() {
        modules += usize::from(component[at] == 1);
        let (mut size, mut shift) = (0, 0);
        loop {
            at += 1;
            size |= usize::from(component[at] & 0x7f) << shift;
            shift += 7;
            if component[at] < 0x80 {
                break;
            }
        }
        at += 1 + size;
    }
    modules
}

/// Adds a section at the end of a component.
pub fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    bytes.extend(leb128(content.len()));
    bytes.extend(content);
}

fn leb128(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// A core module, as older tools build from the same sources.
pub fn core_module() -> Vec<u8> {
    wat::parse_str("(module (memory 1))").unwrap()
}

/// A component that exports nothing.
pub fn without_exports() -> Vec<u8> {
    wat::parse_str("(component)").unwrap()
}

/// A component with an import that the host does not provide.
pub fn wanting(import: &str) -> Vec<u8> {
    // An instance without exports would not count as an import.
    let instance = "(instance (export \"open\" (func)))";
    wat::parse_str(format!("(component (import \"{import}\" {instance}))")).unwrap()
}

/// Atomically installs a guest file, as operators should.
pub fn install(bytes: &[u8], path: &Path) {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, path).unwrap();
}
