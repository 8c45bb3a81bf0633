//! A guest that must be signed. The keys are generated here for each test.

use std::fs;
use std::path::Path;

use minisign::KeyPair;
use tests::{Program, guests};

use super::{Running, swaps, version};
use guests::FILE;

pub(super) const SIGNATURE: &str = "guest.wasm.minisig";

pub(super) fn key() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

pub(super) fn public(key: &KeyPair) -> String {
    key.pk.to_base64()
}

/// A signature file like that of `minisign -S`.
pub(super) fn sign(key: &KeyPair, bytes: &[u8]) -> String {
    let signed = minisign::sign(None, &key.sk, bytes, None, None);
    signed.unwrap().to_string()
}

fn demanding(key: &KeyPair, more: &str) -> String {
    format!("publicKey: \"{}\", {more}", public(key))
}

/// Writes a guest and its signature into a directory, the signature first.
pub(super) fn put(folder: &Path, bytes: &[u8], signature: &str) {
    guests::install(signature.as_bytes(), &folder.join(SIGNATURE));
    guests::install(bytes, &folder.join(FILE));
}

/// Runs with a signed guest of version `0.0.5`.
async fn signed(key: &KeyPair, more: &str) -> Running {
    let first = guests::behaving("steady", 5);
    let (signature, keys) = (sign(key, &first), demanding(key, more));
    Running::start_signed(&first, &signature, &keys).await
}

fn label(page: &tests::Exposition) -> String {
    let info = page.all("nbu_exporter_guest_info", &[]);
    info[0].labels["signed"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_invalid_signature_is_rejected_with_its_own_reason() {
    let key = key();
    let mut running = signed(&key, "").await;
    let folder = running.folder.path().to_owned();
    let next = guests::behaving("steady", 6);
    let mut tampered = next.clone();
    *tampered.last_mut().unwrap() ^= 1;
    let old = guests::behaving("steady", 4);
    let nameless = guests::behaving("unversioned", 7);
    let good = sign(&key, &next);
    let mut refused = 0.0;
    for (bytes, signature, reason) in [
        (&tampered, good.clone(), "does not match the guest"),
        (
            &next,
            sign(&self::key(), &next),
            "was made with another key",
        ),
        (&next, "nonsense".to_owned(), "is not a minisign signature"),
        (
            &next,
            good[..good.len() / 2].to_owned(),
            "is not a minisign signature",
        ),
        (
            &old,
            sign(&key, &old),
            "`0.0.4` is older than the running version `0.0.5`",
        ),
        (
            &nameless,
            sign(&key, &nameless),
            "version `new` is not semver",
        ),
    ] {
        put(&folder, bytes, &signature);
        // One of the two files may be noticed before the other.
        running.program.line(reason).await;
        let page = running.client.scrape().await;
        assert_eq!(version(&page), "0.0.5", "{reason}");
        let now = swaps(&page, "refused").unwrap();
        assert!(now > refused, "{reason}");
        refused = now;
        assert_eq!(label(&page), "true");
    }
    fs::remove_file(folder.join(SIGNATURE)).unwrap();
    running.program.line("the guest is not signed").await;

    put(&folder, &next, &good);
    running.program.line("Guest swapped").await;
    let page = running.client.scrape().await;
    assert_eq!(
        (version(&page), label(&page)),
        ("0.0.6".into(), "true".into())
    );
    assert_eq!(swaps(&page, "promoted"), Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_and_signature_may_come_in_either_order() {
    let key = key();
    let mut running = signed(&key, "").await;
    let folder = running.folder.path().to_owned();

    let sixth = guests::behaving("steady", 6);
    guests::install(&sixth, &folder.join(FILE));
    running.program.line("waiting for the other file").await;
    let late = sign(&key, &sixth);
    guests::install(late.as_bytes(), &folder.join(SIGNATURE));
    running.program.line("Guest swapped").await;

    let seventh = guests::behaving("steady", 7);
    let early = sign(&key, &seventh);
    guests::install(early.as_bytes(), &folder.join(SIGNATURE));
    running.program.line("waiting for the other file").await;
    guests::install(&seventh, &folder.join(FILE));
    running.program.line("Guest swapped").await;
    let page = running.client.scrape().await;
    assert_eq!(version(&page), "0.0.7");
    assert_eq!(
        swaps(&page, "refused"),
        Some(0.0),
        "neither half was an offer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_guest_is_accepted_if_the_operator_allows_downgrades() {
    let key = key();
    let mut running = signed(&key, "allowDowngrade: true").await;
    let old = guests::behaving("steady", 4);
    put(running.folder.path(), &old, &sign(&key, &old));
    running.program.line("Guest swapped").await;
    assert_eq!(version(&running.client.scrape().await), "0.0.4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newly_required_key_takes_effect_once_the_guest_is_signed() {
    let key = key();
    let mut running = Running::start("", "").await;
    assert_eq!(label(&running.client.scrape().await), "false");
    let folder = running.folder.path().to_owned();
    let file = folder.join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let demand = format!("guest.wasm, {}", demanding(&key, ""));
    fs::write(&file, text.replace("guest.wasm,", &demand)).unwrap();
    let line = running.program.line("Configuration not reloaded").await;
    assert!(line.contains("the guest is not signed"), "{line}");

    let signature = sign(&key, &fs::read(folder.join(FILE)).unwrap());
    guests::install(signature.as_bytes(), &folder.join(SIGNATURE));
    running.program.line("reloaded successfully").await;
    let page = running.client.scrape().await;
    assert_eq!(
        (version(&page), label(&page)),
        ("0.0.1".into(), "true".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_can_be_in_its_own_file() {
    let key = key();
    let guest = guests::behaving("steady", 5);
    let signature = sign(&key, &guest);
    let folder = tempfile::TempDir::new().unwrap();
    put(folder.path(), &guest, &signature);
    let text = key.pk.to_box().unwrap().to_string();
    fs::write(folder.path().join("minisign.pub"), text).unwrap();
    let config = "guest: { path: guest.wasm, publicKeyFile: minisign.pub }\n\
                  nbuserver: { host: nowhere, apiKey: k }\n";
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    let output = Program::output(&["check"], folder.path()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    fs::write(folder.path().join(SIGNATURE), sign(&self::key(), &guest)).unwrap();
    let output = Program::output(&["check"], folder.path()).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_verifies_a_signature() {
    let key = key();
    let guest = guests::behaving("steady", 1);
    let folder = tempfile::TempDir::new().unwrap();
    let inspect = async |key: Option<&KeyPair>| {
        let flag = key.map(|key| format!("--public-key={}", public(key)));
        let mut arguments = vec!["inspect", FILE];
        arguments.extend(flag.as_deref());
        let output = Program::output(&arguments, folder.path()).await;
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.starts_with("signature"));
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), line.unwrap().to_owned(), error)
    };
    guests::install(&guest, &folder.path().join(FILE));
    assert_eq!(inspect(None).await.1, "signature  none");
    let (code, line, error) = inspect(Some(&key)).await;
    assert_eq!((code, line.as_str()), (Some(2), "signature  none"));
    assert!(error.contains("the guest is not signed"), "{error}");

    put(folder.path(), &guest, &sign(&key, &guest));
    let (code, line, _) = inspect(Some(&key)).await;
    assert_eq!(code, Some(0));
    assert_eq!(line, "signature  valid for the given key");
    assert!(
        inspect(None)
            .await
            .1
            .contains("verify it with --public-key KEY")
    );
    let (code, line, error) = inspect(Some(&self::key())).await;
    assert_eq!((code, line.as_str()), (Some(2), "signature  invalid"));
    assert!(error.contains("was made with another key"), "{error}");
}
