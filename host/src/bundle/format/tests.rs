use super::*;
use crate::bundle::{
    Exchange, FailureKind, RecordedBody, RecordedCollection, RecordedGuest, RecordedRequest,
    RecordedResponse, RecordedSettings, RecordedWindow, RequestHeaders, ResponseHeaders,
};

fn sample() -> Bundle {
    let exchange = |body: &[u8], failure| Exchange {
        request: RecordedRequest {
            method: "GET".to_owned(),
            path_and_query: "/netbackup/admin/jobs?sort=jobId".to_owned(),
            headers: RequestHeaders::default(),
            body: RecordedBody::default(),
        },
        response: Some(RecordedResponse {
            status: 200,
            headers: ResponseHeaders::default(),
            body: RecordedBody(body.to_vec()),
        }),
        failure,
    };
    Bundle {
        redacted: false,
        guest: RecordedGuest {
            digest: "ab".repeat(32),
            version: "1.4.0".to_owned(),
        },
        settings: RecordedSettings {
            site: "paris".to_owned(),
            base_url: "https://nbu:1556/netbackup".to_owned(),
            api_version: None,
            legacy_names: true,
            collectors: Vec::new(),
        },
        collections: vec![RecordedCollection {
            window: RecordedWindow {
                now: 1_751_371_200,
                lookback_seconds: 3600,
                last_api_version: Some("12.0".to_owned()),
            },
            exchanges: vec![
                exchange(b"{\"data\":[]}", None),
                exchange(&[255, 0, 1], Some(FailureKind::Incomplete)),
            ],
            report: "up{site=\"paris\"} 1\n".to_owned(),
        }],
    }
}

fn file(bundle: &Bundle) -> Vec<u8> {
    let mut file = Vec::new();
    bundle.write(&mut file).unwrap();
    file
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

fn message(file: &[u8]) -> String {
    Bundle::read(file).unwrap_err().to_string()
}

#[test]
fn a_bundle_is_read_as_it_was_written() {
    let bundle = sample();
    assert_eq!(Bundle::read(file(&bundle).as_slice()).unwrap(), bundle);
}

#[test]
fn another_file_is_no_bundle() {
    let foreign = "the file is not a bundle\nhint: `nbu_exporter record` writes bundles";
    assert_eq!(message(b"hello, world: a long text"), foreign);
    assert_eq!(message(&gzip("hello")), foreign);
    assert_eq!(message(&gzip("{}\n{}\n")), foreign);
    assert_eq!(
        message(&gzip("{\"format\":\"x\",\"version\":1}\n{}\n")),
        foreign
    );
    assert_eq!(message(&gzip(&"x".repeat(1 << 20))), foreign);
}

#[test]
fn a_file_that_is_cut_or_changed_is_never_read_as_a_bundle() {
    let whole = file(&sample());
    for length in 0..whole.len() {
        let error = Bundle::read(&whole[..length]).unwrap_err();
        assert!(matches!(error, BundleError::Torn(_)), "{length}: {error}");
    }
    // The header of gzip has bytes without a meaning.
    for at in 10..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(Bundle::read(changed.as_slice()).is_err(), "{at}");
    }
}

#[test]
fn a_newer_format_is_named() {
    let newer = gzip("{\"format\":\"nbu_exporter bundle\",\"version\":2}\nanything");
    assert_eq!(
        message(&newer),
        "expected format version `1` of a bundle, found `2`\n\
         hint: read it with the version of nbu_exporter that wrote it"
    );
}

#[test]
fn an_invalid_content_is_named() {
    let header = "{\"format\":\"nbu_exporter bundle\",\"version\":1}\n";
    let said = message(&gzip(&format!("{header}{{\"redacted\":1}}\n")));
    assert!(
        said.starts_with("the content of the bundle is invalid: "),
        "{said}"
    );
    let mut content = serde_json::to_value(sample()).unwrap();
    content["collections"][0]["exchanges"][0]["request"]["headers"]["authorization"] = "key".into();
    let said = message(&gzip(&format!("{header}{content}")));
    assert!(said.contains("unknown field `authorization`"), "{said}");
}

#[test]
fn both_sizes_are_limited() {
    let bomb = format!(
        "{{\"format\":\"{FORMAT}\",\"version\":1}}\n{}",
        " ".repeat(1 << 20)
    );
    let bomb = gzip(&bomb);
    let read = |compressed, content| Bundle::read_limited(bomb.as_slice(), compressed, content);
    let size = bomb.len() as u64;
    assert!(matches!(read(size, 1 << 20), Err(BundleError::Invalid(_))));
    assert!(matches!(
        read(size, (1 << 20) - 1),
        Err(BundleError::TooLarge(_))
    ));
    let error = read(size - 1, 1 << 20).unwrap_err();
    let said = format!("the bundle is larger than `{}` bytes", size - 1);
    assert_eq!(error.to_string(), said);
}
