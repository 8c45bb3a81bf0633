//! The behaviour of this guest, which the tests write into the component.

use std::hint::black_box;

/// `BEHAVIOUR:`, a word, `:`, a number, and blanks to the end. The tests look
/// for the first word and keep the length.
#[used]
static WRITTEN: [u8; 48] = *b"BEHAVIOUR:steady:1                              ";

/// The word and the number.
pub(crate) fn written() -> (String, u32) {
    // `black_box` keeps the compiler from evaluating the text at compile time.
    let bytes = black_box(&WRITTEN).to_vec();
    let text = String::from_utf8(bytes).unwrap_or_default();
    let mut parts = text.trim_end().split(':').skip(1);
    let word = parts.next().unwrap_or_default().to_owned();
    let stamp = parts.next().and_then(|number| number.parse().ok());
    (word, stamp.unwrap_or(0))
}

/// The behaviour for the site with this base URL, such as `http://127.0.0.1:80/spin`.
pub(crate) fn at(base_url: &str) -> (String, u32) {
    let (word, stamp) = written();
    if word != "by-site" {
        return (word, stamp);
    }
    let last = base_url.rsplit('/').next().unwrap_or_default();
    (last.to_owned(), stamp)
}
