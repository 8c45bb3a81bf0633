//! `guest:` which component runs, within what, who must have made it, and what
//! another one must live up to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use serde_yaml::Value as Yaml;

use super::limits;
use super::section::Section;
use super::setting::{Complaint, Setting, complaint};
use crate::guest::{Digest, GuestLimits};
use crate::swap::{Canary, GrowthLimit, Provenance, PublicKey};

/// A guest below this cannot start, and 32-bit memory ends at the other.
const MEMORY: std::ops::RangeInclusive<u64> = (1 << 20)..=(4 << 30);
/// Collections of each site.
const PROBATION: u32 = 3;
const KEY_HINT: &str = "write the key of `minisign -G`, which begins with `RW`";

/// What `guest:` comes to, besides limits.
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
    let path = section.optional::<PathBuf>("path");
    memory(section, limits);
    section.nested("limits", |section| limits::read(section, limits));
    GuestKeys {
        provenance: provenance(section, directory, path.is_some()),
        path: path.map(|path| directory.join(path)),
        allow_new_capabilities: section.value("allowNewCapabilities", false),
        canary: section.nested("canary", canary),
        probation: section.nested("probation", |s| s.value("collections", PROBATION)),
    }
}

fn memory(section: &mut Section<'_>, limits: &mut GuestLimits) {
    let default = ByteSize(limits.memory_bytes as u64);
    let memory = section.value("memoryLimit", default).0;
    match usize::try_from(memory) {
        Ok(bytes) if MEMORY.contains(&memory) => limits.memory_bytes = bytes,
        _ => {
            let hint = "write a size from `1MiB` to `4GiB`";
            section.problem("memoryLimit", "no guest can run within that", hint);
        }
    }
}

fn provenance(section: &mut Section<'_>, directory: &Path, from_file: bool) -> Provenance {
    let provenance = Provenance {
        sha256: section.optional("sha256"),
        public_key: public_key(section, directory),
        allow_downgrade: section.value("allowDowngrade", false),
    };
    for key in ["sha256", "publicKey", "publicKeyFile"] {
        if !from_file && section.has(key) {
            let hint = "without `path` the guest that the program carries runs";
            section.warning(key, "has no effect", hint);
        }
    }
    provenance
}

/// The key itself, or a `.pub` file of minisign's.
fn public_key(section: &mut Section<'_>, directory: &Path) -> Option<PublicKey> {
    let inline = section.optional::<PublicKey>("publicKey");
    let Some(path) = section.optional::<PathBuf>("publicKeyFile") else {
        return inline;
    };
    let path = directory.join(path);
    if section.has("publicKey") {
        let hint = "keep one of the two";
        section.problem("publicKeyFile", "`publicKey` is given too", hint);
        return inline;
    }
    let hint = format!("the path is taken as `{}`", path.display());
    let (message, hint) = match section.findings().read_text(&path) {
        Err(error) => (format!("the file cannot be read: {error}"), hint.as_str()),
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
    let sites = section.value("sites", Sites(default.sites)).0;
    let timeout = section.value::<Duration>("timeout", default.timeout);
    let mut factor = |key, bound: GrowthLimit| section.value(key, Factor(bound.factor)).0;
    let factors = [
        factor("seriesFactor", default.series),
        factor("timeFactor", default.seconds),
        factor("memoryFactor", default.memory),
    ];
    let series = section.value("seriesFloor", default.series.floor as u32);
    let time = Duration::from_secs_f64(default.seconds.floor);
    let time = section.value("timeFloor", time).as_secs_f64();
    let memory = ByteSize(default.memory.floor as u64);
    let memory = section.value("memoryFloor", memory).0;
    let bound = |factor, floor| GrowthLimit { factor, floor };
    Canary {
        sites,
        timeout,
        series: bound(factors[0], f64::from(series)),
        seconds: bound(factors[1], time),
        memory: bound(factors[2], memory as f64),
    }
}

/// How many sites: a number, or `all`.
struct Sites(usize);

impl Setting for Sites {
    fn read(text: &str) -> Result<Self, Complaint> {
        match text.trim() {
            "all" => Ok(Self(usize::MAX)),
            number => number.parse().map(Self).map_err(|_| {
                complaint(
                    "is no number of sites",
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

/// So many times as much as before.
struct Factor(f64);

impl Setting for Factor {
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
    fn read(text: &str) -> Result<Self, Complaint> {
        let number = text.trim().parse();
        number.map_err(|_| complaint("is not a whole number", "write a number such as `3`"))
    }

    fn show(&self) -> Yaml {
        (*self).into()
    }
}

impl Setting for Digest {
    fn read(text: &str) -> Result<Self, Complaint> {
        let hint = "write the 64 hexadecimal digits that `sha256sum` prints";
        text.parse().map_err(|what| complaint(what, hint))
    }

    fn show(&self) -> Yaml {
        self.to_string().into()
    }
}

impl Setting for PublicKey {
    fn read(text: &str) -> Result<Self, Complaint> {
        text.parse().map_err(|what| complaint(what, KEY_HINT))
    }

    /// Only a default is shown, and no key is one.
    fn show(&self) -> Yaml {
        Yaml::Null
    }
}
