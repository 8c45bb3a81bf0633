use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

/// Reads a single member, as many clients do, and requires that no bytes remain.
fn read(mut bytes: &[u8]) -> String {
    let mut decoder = flate2::bufread::GzDecoder::new(&mut bytes);
    let mut text = String::new();
    decoder.read_to_string(&mut text).unwrap();
    drop(decoder);
    assert_eq!(bytes, b"", "more than one member");
    text
}

fn chunks(texts: &[&str]) -> Chunks {
    let chunks = texts
        .iter()
        .map(|text| Bytes::copy_from_slice(text.as_bytes()));
    chunks.collect()
}

/// Decompresses the prefix with `more` after it.
fn whole(beginning: &GzipPrefix, more: &str) -> String {
    let mut bytes = beginning.compressed().to_vec();
    bytes.extend(beginning.finish(&GzipSuffix::new(more.to_owned())));
    read(&bytes)
}

#[test]
fn a_prefix_and_its_suffix_are_one_gzip_member() {
    let long = "nbu_up{site=\"prod\"} 1\n".repeat(100_000);
    for first in [
        &[][..],
        &["a"],
        &[&long],
        &["a", "b", &long, "c", &long, "d"],
    ] {
        let beginning = GzipPrefix::new(chunks(first));
        for second in ["", "b", &long] {
            let expected = format!("{}{second}", first.concat());
            let sizes = (first.len(), second.len());
            assert!(whole(&beginning, second) == expected, "{sizes:?}");
        }
    }
}

#[test]
fn a_prefix_alone_is_not_a_complete_gzip_member() {
    let beginning = GzipPrefix::new(chunks(&["nbu_up 1\n"]))
        .compressed()
        .to_vec();
    assert!(
        GzDecoder::new(&beginning[..])
            .read_to_end(&mut Vec::new())
            .is_err()
    );
}

/// As large as one block.
fn block(name: &str, value: u32) -> String {
    let line = |n| format!("{name}{{n=\"{n}\"}} {value}\n");
    (0..MIN_BLOCK).step_by(8).map(line).collect()
}

#[test]
fn equal_blocks_are_not_compressed_again() {
    let [a, b, c] = ["a", "b", "c"].map(|name| block(name, 1));
    let first = GzipPrefix::new(chunks(&[&a, &b, &c]));
    let changed = block("b", 2);
    let next = first.renewed(chunks(&[&c, &a, &changed]));
    assert!(whole(&next, "end") == [&c, &a, &changed, "end"].concat());
    let places = |of: &GzipPrefix| -> Vec<_> {
        let blocks = &of.compressed().as_slice()[1..];
        blocks.iter().map(|block| block.as_ptr()).collect()
    };
    let (before, after) = (places(&first), places(&next));
    assert_eq!(after[..2], [before[2], before[0]]);
    assert!(!before.contains(&after[2]));
}

#[test]
fn blocks_with_the_same_start_are_distinguished() {
    let a = block("a", 1);
    let longer = a.clone() + "a_end 1\n";
    let end = a.replace("16376\"} 1\n", "16376\"} 2\n");
    assert!(end != a, "it differs in its last line alone");
    let first = GzipPrefix::new(chunks(&[&a]));
    for other in [&[&longer[..]][..], &[&end], &[&a, "more"], &["a"], &[]] {
        let next = first.renewed(chunks(other));
        assert!(whole(&next, "") == other.concat(), "{}", other.len());
    }
}
