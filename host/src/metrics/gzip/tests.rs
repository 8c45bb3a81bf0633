use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

/// Reads a single member, as clients do that stop after the first, and wants
/// nothing left over.
fn read(mut bytes: &[u8]) -> String {
    let mut decoder = flate2::bufread::GzDecoder::new(&mut bytes);
    let mut text = String::new();
    decoder.read_to_string(&mut text).unwrap();
    drop(decoder);
    assert_eq!(bytes, b"", "more than one member");
    text
}

#[test]
fn a_beginning_and_its_end_are_one_member() {
    let long = "nbu_up{site=\"prod\"} 1\n".repeat(100_000);
    for first in ["", "a", &long] {
        let beginning = Beginning::new(first.as_bytes());
        for second in ["", "b", &long] {
            let bytes = [beginning.bytes(), beginning.finish(second.as_bytes())].concat();
            assert!(
                read(&bytes) == format!("{first}{second}"),
                "{} {}",
                first.len(),
                second.len()
            );
        }
    }
}

#[test]
fn a_beginning_alone_is_not_taken_for_the_whole() {
    let beginning = Beginning::new(b"nbu_up 1\n").bytes();
    assert!(
        GzDecoder::new(&beginning[..])
            .read_to_end(&mut Vec::new())
            .is_err()
    );
}
