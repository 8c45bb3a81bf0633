//! Checks the size, imports and exports of a component before it is compiled. This
//! takes milliseconds, whereas compiling takes seconds.

use semver::Version;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::Types;
use wasmparser::{
    ElementItems, ElementKind, Encoding, Parser, Payload, ValidPayload, Validator, WasmFeatures,
};

use super::super::engine_config::{EXPORTED, PROVIDED};
use super::super::error::one_line;
use super::protocol::{CompileAnswer, CompileStatus};

/// Maximum number of imports, globals, passive elements and data segments in all core
/// modules. Each instance has a copy of up to 32 bytes per entry, which the limiter
/// does not see. A guest has a few hundred.
const ENTRIES: usize = 20_000;

/// Limits of a component's code.
#[derive(Clone, Copy)]
pub(super) struct CodeLimits {
    pub(super) functions: usize,
    pub(super) function_bytes: usize,
}

/// Rejects files that are not components, are too large to compile, or do not fit the
/// host. Function bodies are measured but not validated; the compiler does that. Returns
/// the number of functions.
pub(super) fn examine(bytes: &[u8], limits: CodeLimits) -> Result<usize, CompileAnswer> {
    let outline = ComponentOutline::of(bytes, limits)?;
    outline
        .provided()
        .and_then(|()| outline.exported())
        .map_err(|why| CompileAnswer::refused(CompileStatus::Unlinkable, why))?;
    Ok(outline.functions)
}

/// How every binary WebAssembly file begins.
const MAGIC: &[u8] = b"\0asm";

/// Import and export names of the outermost component, and its types.
struct ComponentOutline {
    imports: Vec<String>,
    exports: Vec<String>,
    types: Types,
    functions: usize,
}

impl ComponentOutline {
    fn of(bytes: &[u8], limits: CodeLimits) -> Result<Self, CompileAnswer> {
        if !bytes.starts_with(MAGIC) {
            return Err(not_a_component(
                "the file is of another kind\n  hint: build or download the `.wasm` file again",
            ));
        }
        let refused = |error: wasmparser::Error| not_a_component(one_line(&error));
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let (mut imports, mut exports) = (Vec::new(), Vec::new());
        let (mut depth, mut functions, mut entries) = (0_usize, 0_usize, 0_usize);
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(refused)?;
            match &payload {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && *encoding == Encoding::Module {
                        return Err(not_a_component(
                            "expected a component, found a core module\n  \
                             hint: build Rust for `wasm32-wasip2`; `nbu_exporter guest new` \
                             shows how in other languages",
                        ));
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section.clone() {
                        imports.push(import.map_err(refused)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section.clone() {
                        exports.push(export.map_err(refused)?.name.name.to_owned());
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    functions += 1;
                    measure(functions, body.range().len(), limits)
                        .map_err(|why| CompileAnswer::refused(CompileStatus::TooComplex, why))?;
                }
                _ => {
                    entries = entries.saturating_add(copied(&payload).map_err(refused)?);
                    if entries > ENTRIES {
                        let why = format!(
                            "it has more than {ENTRIES} imports, globals, passive elements and \
                             data segments"
                        );
                        return Err(CompileAnswer::refused(CompileStatus::TooComplex, why));
                    }
                }
            }
            // The outermost component ends last.
            if let ValidPayload::End(types) = validator.payload(&payload).map_err(refused)?
                && depth == 0
            {
                return Ok(Self {
                    imports,
                    exports,
                    types,
                    functions,
                });
            }
        }
        Err(not_a_component("the file is empty"))
    }

    /// Every import must be provided by the host, or only consist of types.
    fn provided(&self) -> Result<(), String> {
        let missing = |name: &&String| {
            !PROVIDED.iter().any(|provided| compatible(provided, name)) && !self.only_types(name)
        };
        match self.imports.iter().find(missing) {
            Some(name) => {
                let hint = if name.starts_with(CONTRACT) {
                    "\n  hint: `nbu_exporter guest wit` prints the supported contract"
                } else {
                    ""
                };
                Err(format!(
                    "it imports `{name}`, which this host does not provide{hint}"
                ))
            }
            None => Ok(()),
        }
    }

    fn only_types(&self, import: &str) -> bool {
        let is_type = |item: &ComponentItem| match item.ty {
            ComponentEntityType::Type { created, .. } => {
                !matches!(created, ComponentAnyTypeId::Resource(_))
            }
            _ => false,
        };
        match self.types.component_item_for_import(import) {
            Some(item) => match item.ty {
                ComponentEntityType::Instance(id) => self.types[id].exports.values().all(is_type),
                _ => is_type(item),
            },
            None => false,
        }
    }

    /// A supported version of the contract must be exported.
    fn exported(&self) -> Result<(), String> {
        let fits = |name: &String| EXPORTED.iter().any(|it| compatible(it, name));
        if self.exports.iter().any(fits) {
            return Ok(());
        }
        let [newest, oldest] = EXPORTED;
        let interface = newest.split('@').next().unwrap_or(newest);
        let found = self.exports.iter().find(|name| name.starts_with(interface));
        Err(match found {
            Some(name) => format!(
                "it exports `{name}`, this host supports `{newest}` and `{oldest}`\n  \
                 hint: `nbu_exporter guest wit` prints the supported contract"
            ),
            None => format!(
                "it does not export `{newest}`\n  \
                 hint: `nbu_exporter guest wit` prints the contract of a guest"
            ),
        })
    }
}

/// The package of the contract.
const CONTRACT: &str = "nbu:collector/";

/// The number of entries that a section adds to each instance.
fn copied(payload: &Payload<'_>) -> Result<usize, wasmparser::Error> {
    let count = match payload {
        Payload::ImportSection(section) => section.clone().into_imports().count(),
        Payload::GlobalSection(section) => section.count() as usize,
        Payload::DataSection(section) => section.count() as usize,
        Payload::ElementSection(section) => {
            let mut passive = 0_usize;
            for element in section.clone() {
                let element = element?;
                if matches!(element.kind, ElementKind::Passive) {
                    let items = match element.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    passive = passive.saturating_add(items as usize);
                }
            }
            passive
        }
        _ => 0,
    };
    Ok(count)
}

fn not_a_component(why: impl Into<String>) -> CompileAnswer {
    CompileAnswer::refused(CompileStatus::NotAComponent, why)
}

fn measure(functions: usize, length: usize, limits: CodeLimits) -> Result<(), String> {
    if functions > limits.functions {
        let limit = limits.functions;
        return Err(format!("it has more than `{limit}` functions"));
    }
    let limit = limits.function_bytes;
    if length > limit {
        return Err(format!(
            "function `{functions}` has `{length}` bytes, the limit is `{limit}`"
        ));
    }
    Ok(())
}

/// Whether Wasmtime links `name` to `known`: versions are compatible if they agree up
/// to the first non-zero part.
fn compatible(known: &str, name: &str) -> bool {
    let track = |name: &str| {
        let (interface, version) = name.split_once('@')?;
        let version = Version::parse(version).ok()?;
        let minor = (version.major == 0).then_some(version.minor);
        Some((interface.to_owned(), version.major, minor))
    };
    known == name || track(known).is_some_and(|known| track(name) == Some(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE_LIMITS: CodeLimits = CodeLimits {
        functions: 10,
        function_bytes: 100,
    };

    fn refusal(component: &str) -> (CompileStatus, String) {
        let bytes = wat::parse_str(component).unwrap();
        let refused = examine(&bytes, CODE_LIMITS).unwrap_err();
        (refused.status, String::from_utf8(refused.payload).unwrap())
    }

    #[test]
    fn missing_imports_are_reported_by_name() {
        for import in ["wasi:sockets/tcp@0.3.0", "wasi:http/types@0.3.0", "env"] {
            let text =
                format!("(component (import \"{import}\" (instance (export \"f\" (func)))))");
            let (status, why) = refusal(&text);
            assert_eq!(status, CompileStatus::Unlinkable);
            assert!(why.contains(&format!("`{import}`")), "{why}");
        }
        let log =
            "(component (import \"nbu:collector/log@0.3.0\" (instance (export \"f\" (func)))))";
        assert_eq!(
            refusal(log).1,
            "it imports `nbu:collector/log@0.3.0`, which this host does not provide\n  \
             hint: `nbu_exporter guest wit` prints the supported contract"
        );
        let (_, why) = refusal("(component (import \"f\" (func)))");
        assert!(why.contains("`f`"), "{why}");
    }

    #[test]
    fn provided_imports_and_type_imports_are_accepted() {
        for item in [
            "\"wasi:io/poll@0.2.3\" (instance (export \"f\" (func)))",
            "\"wasi:nn/tensor@0.2.0\" (instance (export \"t\" (type (eq bool))))",
        ] {
            let text = format!("(component (type $bool bool) (import {item}))");
            let text = text.replace("(eq bool)", "(eq $bool)");
            let text = text.replace(
                "(instance (export \"t\"",
                "(instance (alias outer 1 $bool (type $bool)) (export \"t\"",
            );
            let (status, why) = refusal(&text);
            assert_eq!(status, CompileStatus::Unlinkable);
            assert!(why.contains("it does not export"), "{item}: {why}");
        }
    }

    #[test]
    fn another_contract_version_is_reported() {
        let (_, why) = refusal(
            "(component (instance $i) (export \"nbu:collector/collector@0.7.1\" (instance $i)))",
        );
        assert_eq!(
            why,
            "it exports `nbu:collector/collector@0.7.1`, this host supports \
             `nbu:collector/collector@0.2.0` and `nbu:collector/collector@0.1.0`\n  \
             hint: `nbu_exporter guest wit` prints the supported contract"
        );
    }

    #[test]
    fn nested_modules_count_towards_the_limits() {
        let module = "(core module (func))".repeat(11);
        let (status, _) = refusal(&format!("(component {module})"));
        assert_eq!(status, CompileStatus::TooComplex);
        let (status, why) = refusal("(module)");
        assert_eq!(status, CompileStatus::NotAComponent);
        assert_eq!(
            why,
            "expected a component, found a core module\n  hint: build Rust for `wasm32-wasip2`; \
             `nbu_exporter guest new` shows how in other languages"
        );
    }

    #[test]
    fn data_copied_into_each_instance_is_limited() {
        let globals = "(global i32 (i32.const 0))".repeat(ENTRIES / 2);
        let elements = "0 ".repeat(ENTRIES / 2);
        let passive = format!("(func) (elem func {elements})");
        let one = format!("(component (core module {globals}))");
        // Within the limit, but without exports.
        assert_eq!(refusal(&one).0, CompileStatus::Unlinkable);
        for more in [globals.clone(), passive, "(data \"x\")".repeat(ENTRIES / 2)] {
            let both = format!(
                "(component (core module {globals}) (core module {more} (global i32 (i32.const 0))))"
            );
            let (status, why) = refusal(&both);
            assert_eq!(status, CompileStatus::TooComplex, "{why}");
        }
    }

    #[test]
    fn versions_are_compatible_as_wasmtime_links_them() {
        assert!(compatible("wasi:io/poll@0.2.12", "wasi:io/poll@0.2.0"));
        assert!(compatible("a:b/c@1.2.0", "a:b/c@1.9.0"));
        assert!(!compatible("wasi:io/poll@0.2.12", "wasi:io/poll@0.3.0"));
        assert!(!compatible("wasi:io/poll@0.2.12", "wasi:io/streams@0.2.12"));
    }
}
