//! A guest that is pinned by its digest, and what `check` reports about a guest.

use std::fs;

use nbu_exporter::guest::Digest;
use tempfile::TempDir;
use tests::{Program, guests};

use super::signature::{SIGNATURE, key, public, sign};
use super::{Running, swaps, version};
use guests::FILE;

fn pin(bytes: &[u8]) -> String {
    format!("sha256: {}", Digest::of(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_other_than_the_pinned_one_is_rejected_with_both_digests() {
    let first = guests::behaving("steady", 1);
    let second = guests::behaving("steady", 2);
    let mut running = Running::start_on(&first, &pin(&first), "").await;
    let line = running.refused(&second).await;
    for bytes in [&first, &second] {
        assert!(line.contains(&Digest::of(bytes).to_string()), "{line}");
    }
    let page = running.client.scrape().await;
    assert_eq!(version(&page), "0.0.1");
    assert_eq!(swaps(&page, "refused"), Some(1.0));

    // The file came first; the pin follows.
    let file = running.folder.path().join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(&pin(&first), &pin(&second))).unwrap();
    running.program.line("reloaded successfully").await;
    assert_eq!(version(&running.client.scrape().await), "0.0.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_can_change_before_the_file() {
    let first = guests::behaving("steady", 1);
    let second = guests::behaving("steady", 2);
    let mut running = Running::start_on(&first, &pin(&first), "").await;
    let file = running.folder.path().join("config.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(&pin(&first), &pin(&second))).unwrap();
    let line = running.program.line("Configuration not reloaded").await;
    assert!(line.contains("guest.sha256"), "{line}");
    guests::install(&second, &running.folder.path().join(FILE));
    running.program.line("reloaded successfully").await;
    assert_eq!(version(&running.client.scrape().await), "0.0.2");
}

/// A directory with a configuration that names a guest.
fn folder(bytes: &[u8], keys: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    guests::install(bytes, &folder.path().join(FILE));
    let text = format!(
        "guest: {{ path: guest.wasm, {keys} }}\nnbuserver: {{ host: nowhere, apiKey: k }}\n"
    );
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_starts_with_an_untrusted_guest() {
    let guest = guests::behaving("steady", 1);
    let other = guests::behaving("steady", 2);
    let (key, stranger) = (key(), key());
    let signed = format!("publicKey: \"{}\"", public(&key));
    let nonsense = || Some("nonsense".to_owned());
    for (keys, signature, expected) in [
        (pin(&other), None, "guest.sha256"),
        (signed.clone(), None, "the guest is not signed"),
        (signed.clone(), nonsense(), "is not a minisign signature"),
        (
            signed.clone(),
            Some(sign(&key, &other)),
            "does not match the guest",
        ),
        (
            signed.clone(),
            Some(sign(&stranger, &guest)),
            "made with another key",
        ),
        // A valid signature does not replace the pinned digest.
        (
            format!("{signed}, {}", pin(&other)),
            Some(sign(&key, &guest)),
            "guest.sha256",
        ),
    ] {
        let folder = folder(&guest, &keys);
        if let Some(signature) = signature {
            fs::write(folder.path().join(SIGNATURE), signature).unwrap();
        }
        no_command_begins(&folder, expected).await;
    }
    let folder = folder(&guest, &signed);
    fs::write(folder.path().join(SIGNATURE), sign(&key, &guest)).unwrap();
    let output = Program::output(&["check"], folder.path()).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

async fn no_command_begins(folder: &TempDir, expected: &str) {
    let serve = "--web.listen-address=127.0.0.1:0";
    for command in [&["check"][..], &["collect"], &[serve]] {
        let output = Program::output(command, folder.path()).await;
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(expected), "{command:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_compares_a_guest_with_the_built_in_one() {
    let check = async |bytes: &[u8]| {
        let folder = folder(bytes, "");
        let output = Program::output(&["check"], folder.path()).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let same = check(&guests::good_with("another")).await;
    assert!(
        same.contains("no difference to the built-in guest"),
        "{same}"
    );
    let other = check(&guests::behaving("steady", 1)).await;
    for line in [
        "  + endpoint `GET /ping` of `storage`\n",
        "  + family `nbu_test_jobs` of `jobs`\n",
        "  - collector `tape`\n",
        "  - endpoint `GET /admin/jobs` of `jobs`\n",
        "  - family `nbu_disk_bytes` of `storage`\n",
    ] {
        assert!(other.contains(line), "{line} is not in:\n{other}");
    }
}
