//! With a state directory, a downgrade of a signed guest is rejected even after a
//! restart.

use std::fs;
use std::path::PathBuf;

use minisign::KeyPair;
use simulator::Simulator;
use tempfile::TempDir;
use tests::{Bench, Program, guests};

use super::signature::{key, public, put, sign};
use super::{paris, simulator};

const OFTEN: &str = "collectionInterval: 50ms, cacheTTL: 1ms, stateDir: state";
const HOURLY: &str = "collectionInterval: 1h, stateDir: state";
const LISTEN: &str = "--web.listen-address=127.0.0.1:0";

/// A directory that consecutive processes use.
struct Place {
    folder: TempDir,
    simulator: Simulator,
    key: KeyPair,
}

impl Place {
    async fn new() -> Self {
        let place = Self {
            folder: TempDir::new().unwrap(),
            simulator: simulator().await,
            key: key(),
        };
        place.configure("", OFTEN);
        place
    }

    fn configure(&self, guest: &str, server: &str) {
        let key = public(&self.key);
        let guest = format!("{{ path: guest.wasm, publicKey: \"{key}\", {guest} }}");
        self.write(&format!("guest: {guest}\nserver: {{ {server} }}\n"));
    }

    fn write(&self, rest: &str) {
        Bench::write(self.folder.path(), &[paris(&self.simulator)], rest);
    }

    fn put(&self, behaviour: &str, stamp: u32) {
        let bytes = guests::behaving(behaviour, stamp);
        put(self.folder.path(), &bytes, &sign(&self.key, &bytes));
    }

    async fn begin(&self) -> Program {
        let mut program = Program::serve(self.folder.path());
        program.line("Generation is current").await;
        program
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("state/.versions")
    }

    fn kept(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }

    async fn until_kept(&self, version: &str) {
        let quoted = format!("\"{version}\"");
        tests::eventually("the version is kept", async || {
            self.kept().contains(&quoted)
        })
        .await;
    }

    /// The message of every command about a rejected guest.
    async fn refused(&self, reason: &str) {
        for command in ["check", "collect", LISTEN] {
            let output = Program::output(&[command], self.folder.path()).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command}: {said}");
            assert!(said.contains(reason), "{command}: {said}");
            assert!(said.contains("`guest.allowDowngrade: true`"), "{said}");
        }
    }
}

async fn kill(mut program: Program) {
    program.signal("KILL").await;
    program.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_downgrade_below_a_proven_guest_is_rejected_after_a_restart() {
    let place = Place::new().await;
    place.put("steady", 5);
    let program = place.begin().await;
    place.until_kept("0.0.5").await;
    kill(program).await;

    place.put("steady", 4);
    place.refused("`0.0.4` is older than `0.0.5`").await;
    place.put("unversioned", 9);
    place.refused("version `new` is not semver").await;

    // Versions are compared only between guests of the same key, and never with the
    // built-in guest.
    let other = key();
    let bytes = guests::behaving("steady", 3);
    put(place.folder.path(), &bytes, &sign(&other, &bytes));
    let guest = format!("{{ path: guest.wasm, publicKey: \"{}\" }}", public(&other));
    place.write(&format!("guest: {guest}\nserver: {{ {HOURLY} }}\n"));
    kill(place.begin().await).await;
    place.write(&format!("server: {{ {HOURLY} }}\n"));
    kill(place.begin().await).await;

    // An allowed downgrade counts from then on.
    place.put("steady", 4);
    place.configure("allowDowngrade: true", OFTEN);
    let program = place.begin().await;
    place.until_kept("0.0.4").await;
    kill(program).await;
    place.configure("", OFTEN);
    kill(place.begin().await).await;
    place.put("steady", 3);
    place.refused("`0.0.3` is older than `0.0.4`").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_still_on_probation_does_not_block_older_ones() {
    let place = Place::new().await;
    place.configure("", HOURLY);
    place.put("steady", 5);
    kill(place.begin().await).await;
    place.put("steady", 4);
    place.configure("", OFTEN);
    let mut program = place.begin().await;
    place.until_kept("0.0.4").await;
    place.put("trap-at-2", 6);
    program.line("Guest rolled back").await;
    assert!(place.kept().contains("0.0.4"), "{}", place.kept());
    kill(program).await;
    place.put("steady", 5);
    kill(place.begin().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_version_history_is_renamed_and_logged() {
    let place = Place::new().await;
    place.put("steady", 5);
    let program = place.begin().await;
    place.until_kept("0.0.5").await;
    kill(program).await;
    let forged = place.kept().replace("0.0.5", "0.0.1");
    fs::write(place.file(), &forged).unwrap();
    place.put("steady", 4);
    let mut program = Program::serve(place.folder.path());
    let line = program.line("Guest history is corrupt").await;
    assert!(line.contains("checksum"), "{line}");
    program.line("Generation is current").await;
    let aside = place.folder.path().join("state/.versions.broken");
    assert_eq!(fs::read_to_string(aside).unwrap(), forged);
    place.until_kept("0.0.4").await;
}
