//! `guest:` which component runs, its limits, who must have signed it, and how a
//! new one is tried.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use serde_yaml::Value as Yaml;

use super::limits;
use super::regular_file::full_path;
use super::section::Section;
use super::setting::{Complaint, Setting, complaint};
use crate::guest::{Digest, GuestLimits};
use crate::swap::{Canary, GrowthLimit, Provenance, PublicKey};

/// A guest with less cannot start, and 32-bit memory cannot be larger.
const MEMORY: std::ops::RangeInclusive<u64> = (1 << 20)..=(4 << 30);
/// Number of collections of each site.
const PROBATION: u32 = 3;
const KEY_HINT: &str = "write the public key of `minisign -G`, which begins with `RW`";

/// The settings of `guest:`, except the limits.
pub(super) struct GuestKeys {
    pub(super) path: Option<PathBuf>,
    pub(super) provenance: Provenance,
    pub(super) canary: Canary,
    pub(super) probation: u32,
    pub(super) allow_new_capabilities: bool,
}

pub(super) fn read(
    section: &mut Section<'_>,
    directory: &Path,
    limits: &mut GuestLimits,
) -> GuestKeys {
    let doc = "Guest to run, a `.wasm` file. By default the guest inside the program.";
    let path = section.optional::<PathBuf>("path", doc);
    memory(section, limits);
    let doc = "Exceeding a limit stops the call, drops the family or rejects the guest.";
    section.nested("limits", doc, |section| limits::read(section, limits));
    let provenance = provenance(section, directory, path.is_some());
    let doc = "Accept a guest that declares more API paths or families than the running one.";
    let allow_new_capabilities = section.value("allowNewCapabilities", false, doc);
    let doc = "How a new guest is tried before it replaces the running one.";
    let canary = section.nested("canary", doc, canary);
    let doc = "How a new guest is watched after it has replaced the previous one.";
    GuestKeys {
        path: path.map(|path| directory.join(path)),
        provenance,
        canary,
        probation: section.nested("probation", doc, probation),
        allow_new_capabilities,
    }
}

fn probation(section: &mut Section<'_>) -> u32 {
    let doc = "Number of collections of each site during which a failing guest is rolled back.";
    section.value("collections", PROBATION, doc)
}

fn memory(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let default = ByteSize(limits.memory_bytes as u64);
    let doc = "Memory for each call of the guest, including what the host holds for the call.";
    let memory = section.value("memoryLimit", default, doc).0;
    match usize::try_from(memory) {
        Ok(bytes) if MEMORY.contains(&memory) => limits.memory_bytes = bytes,
        _ => {
            let hint = "write a size from `1MiB` to `4GiB`";
            section.reject("memoryLimit", "is out of range", hint);
        }
    }
}

fn provenance(section: &mut Section<'_>, directory: &Path, from_file: bool) -> Provenance {
    let doc = "The only digest that is accepted for the file at `path`. By default any.";
    let sha256 = section.optional("sha256", doc);
    let public_key = public_key(section, directory);
    let doc = "Accept a signed guest that is older than the running one, or than one that passed \
               its probation.";
    let provenance = Provenance {
        sha256,
        public_key,
        allow_downgrade: section.value("allowDowngrade", false, doc),
    };
    for key in ["sha256", "publicKey", "publicKeyFile"] {
        if !from_file && section.has(key) {
            let hint = "without `path` the built-in guest runs";
            section.warning(key, "has no effect", hint);
        }
    }
    provenance
}

/// From the key itself or a `.pub` file of minisign.
fn public_key(section: &mut Section<'_>, directory: &Path) -> Option<PublicKey> {
    let doc = "A [minisign](https://jedisct1.github.io/minisign/) key. The guest must be signed \
               with it, in `FILE.wasm.minisig` beside it.";
    let inline = section.optional::<PublicKey>("publicKey", doc);
    let doc = "File with the public key, instead of `publicKey`.";
    let Some(path) = section.optional::<PathBuf>("publicKeyFile", doc) else {
        return inline;
    };
    let path = directory.join(path);
    if section.has("publicKey") {
        let hint = "keep one of them";
        section.problem("publicKeyFile", "conflicts with `publicKey`", hint);
        return inline;
    }
    let hint = full_path(&path);
    let (message, hint) = match section.findings().read_text(&path) {
        Err(error) => (format!("cannot read the file: {error}"), hint.as_str()),
        Ok(text) => match text.parse() {
            Ok(key) => return Some(key),
            Err(what) => (format!("the file {what}"), KEY_HINT),
        },
    };
    section.problem("publicKeyFile", message, hint);
    None
}

fn canary(section: &mut Section<'_>) -> Canary {
    let default = Canary::default();
    let doc = "Number of sites on which a new guest is tried. `0` accepts it without a trial, \
               even if it drops families.";
    let sites = section.value("sites", CanarySites(default.sites), doc).0;
    let doc = "Timeout of the trial on one site. No trial starts later.";
    let timeout = section.value::<Duration>("timeout", default.timeout, doc);
    let mut factor = |key, bound: GrowthLimit, doc: &'static str| {
        section.value(key, Factor(bound.factor), doc).0
    };
    let doc = "How many times the series of the running guest a new one may report.";
    let series_factor = factor("seriesFactor", default.series, doc);
    let doc = "How many times the duration of the running guest a new one may take.";
    let time_factor = factor("timeFactor", default.seconds, doc);
    let doc = "How many times the memory of the running guest a new one may use.";
    let memory_factor = factor("memoryFactor", default.memory, doc);
    let doc = "Number of series that is always accepted.";
    let series = section.value("seriesFloor", default.series.floor as u32, doc);
    let time = Duration::from_secs_f64(default.seconds.floor);
    let doc = "Duration that is always accepted.";
    let time = section.value("timeFloor", time, doc).as_secs_f64();
    let memory = ByteSize(default.memory.floor as u64);
    let doc = "Memory that is always accepted.";
    let memory = section.value("memoryFloor", memory, doc).0;
    let bound = |factor, floor| GrowthLimit { factor, floor };
    Canary {
        sites,
        timeout,
        series: bound(series_factor, f64::from(series)),
        seconds: bound(time_factor, time),
        memory: bound(memory_factor, memory as f64),
    }
}

/// A number of sites, or `all`.
struct CanarySites(usize);

impl Setting for CanarySites {
    const KIND: &'static str = "`all` or number";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "all" => Ok(Self(usize::MAX)),
            number => number.parse().map(Self).map_err(|_| {
                complaint(
                    "is not a number of sites",
                    "write `all`, or a number such as `3`",
                )
            }),
        }
    }

    fn show(&self) -> Yaml {
        match self.0 {
            usize::MAX => "all".into(),
            number => number.into(),
        }
    }
}

/// A growth factor.
struct Factor(f64);

impl Setting for Factor {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim().parse() {
            Ok(factor) if (1.0..=1e6).contains(&factor) => Ok(Self(factor)),
            _ => Err(complaint(
                "is not a factor of 1 or more",
                "write a number such as `3` or `2.5`",
            )),
        }
    }

    fn show(&self) -> Yaml {
        self.0.into()
    }
}

impl Setting for u32 {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<Self, Complaint> {
        let number = text.trim().parse();
        number.map_err(|_| complaint("is not a whole number", "write a number such as `3`"))
    }

    fn show(&self) -> Yaml {
        (*self).into()
    }
}

impl Setting for Digest {
    const KIND: &'static str = "SHA-256";

    fn read(text: &str) -> Result<Self, Complaint> {
        let hint = "write the 64 hexadecimal digits that `sha256sum` prints";
        text.parse().map_err(|what| complaint(what, hint))
    }

    fn show(&self) -> Yaml {
        self.to_string().into()
    }
}

impl Setting for PublicKey {
    const KIND: &'static str = "public key";

    fn read(text: &str) -> Result<Self, Complaint> {
        text.parse().map_err(|what| complaint(what, KEY_HINT))
    }

    /// Never called: only defaults are shown, and this has none.
    fn show(&self) -> Yaml {
        Yaml::Null
    }
}
