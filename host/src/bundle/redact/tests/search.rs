//! Finds words in any encoding that JSON or a URL allows.

/// The words that a text contains in some encoding.
pub(super) fn found<'w>(text: &str, words: &'w [String]) -> Vec<&'w str> {
    let mut forms = vec![text.to_owned()];
    // Encodings may be nested, such as a URL in JSON in JSON.
    for _ in 0..5 {
        let last = forms.last().cloned().unwrap_or_default();
        let next = percent_decoded(&json_decoded(&last));
        if next == last {
            break;
        }
        forms.push(next);
    }
    let forms: Vec<String> = forms.iter().map(|form| form.to_lowercase()).collect();
    let survives = |word: &&String| {
        let word = word.to_lowercase();
        forms.iter().any(|form| form.contains(&word))
    };
    words.iter().filter(survives).map(String::as_str).collect()
}

/// With all escapes of JSON undone, even outside of a text.
fn json_decoded(text: &str) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let unit = match character {
            '\\' => match characters.next() {
                Some('u') => {
                    let digits: String = characters.by_ref().take(4).collect();
                    u16::from_str_radix(&digits, 16).unwrap_or(0)
                }
                Some(other) => other as u16,
                None => 0,
            },
            other => {
                let mut pair = [0; 2];
                units.extend(other.encode_utf16(&mut pair).iter());
                continue;
            }
        };
        units.push(unit);
    }
    String::from_utf16_lossy(&units)
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3);
        let digits = digits.and_then(|it| std::str::from_utf8(it).ok());
        let value = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        match value.filter(|_| byte == b'%') {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[test]
fn a_word_is_found_in_every_encoding() {
    let words = [String::from("wörd")];
    for text in [
        "wörd",
        "xWÖRDx",
        r"w\u00f6rd",
        r"\u0077\u00F6rd",
        "w%C3%B6rd",
        "w%c3%b6%72d",
    ] {
        assert_eq!(found(text, &words), ["wörd"], "{text}");
    }
    for text in [
        r"w%5Cu00f6rd",
        r"\\u0077\\u00f6rd",
        "w%25C3%25B6rd",
        r"\u0025\u0037\u0037örd",
    ] {
        assert_eq!(found(text, &words), ["wörd"], "{text}");
    }
    assert!(found("word w%C3rd", &words).is_empty());
}
