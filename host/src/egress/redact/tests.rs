use super::super::tests::settings;
use super::*;
use crate::secret::ApiKey;

const KEY: &str = "abcabcabd";

fn secrets(key: &str) -> Arc<Secrets> {
    let mut settings = settings(1);
    settings.credential = ApiKey::new(key).unwrap();
    Arc::new(Secrets::new(&settings))
}

/// What the guest receives for each chunk and at the end.
fn frames(key: &str, pieces: &[&[u8]]) -> Vec<Bytes> {
    let mut redactor = Redactor::new(secrets(key));
    let pieces = pieces.iter().map(|piece| Bytes::copy_from_slice(piece));
    let mut frames: Vec<_> = pieces.map(|piece| redactor.push(piece)).collect();
    frames.push(redactor.finish());
    assert_eq!(redactor.held(), 0);
    frames
}

fn redacted(key: &str, pieces: &[&str]) -> String {
    let pieces: Vec<_> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    String::from_utf8(frames(key, &pieces).concat()).unwrap()
}

fn stars(count: usize) -> String {
    "*".repeat(count)
}

#[test]
fn the_key_is_masked_at_every_position() {
    let mask = stars(KEY.len());
    assert_eq!(redacted(KEY, &["x", KEY, "y"]), format!("x{mask}y"));
    let twice = format!("{KEY}{KEY}ab");
    assert_eq!(redacted(KEY, &[&twice]), format!("{mask}{mask}ab"));
    // A partial key right before the key.
    assert_eq!(redacted(KEY, &["abcabcabcabd"]), format!("abc{mask}"));
}

#[test]
fn the_key_is_masked_across_every_chunk_boundary() {
    let text = format!("abc{KEY}abcabcab{KEY}ab");
    let expected = text.replace(KEY, &stars(KEY.len()));
    for one in 0..=text.len() {
        for two in one..=text.len() {
            let pieces = [&text[..one], &text[one..two], &text[two..]];
            assert_eq!(redacted(KEY, &pieces), expected, "{pieces:?}");
        }
    }
    let single: Vec<_> = (0..text.len()).map(|at| &text[at..=at]).collect();
    assert_eq!(redacted(KEY, &single), expected);
}

/// A repetitive key can overlap itself; both copies are masked.
#[test]
fn keys_that_overlap_are_masked_entirely() {
    for (key, text, masked) in [
        ("abcabcabcab", "xabcabcabcabcabx", "x**************x"),
        ("aaaaaaaa", "baaaaaaaaaaab", "b***********b"),
        ("abcdefgha", "abcdefghabcdefgha-", "*****************-"),
    ] {
        for border in 0..=text.len() {
            let (one, two) = text.split_at(border);
            assert_eq!(redacted(key, &[one, two]), masked, "{one} {two}");
        }
    }
}

#[test]
fn other_text_is_unchanged() {
    for pieces in [&["abcabcab", "c"][..], &["", "ab", ""], &["abcabcab"], &[]] {
        assert_eq!(redacted(KEY, pieces), pieces.concat());
    }
}

#[test]
fn a_key_that_could_occur_by_chance_is_not_masked() {
    assert_eq!(redacted("1234567", &["1234567"]), "1234567");
    assert_eq!(redacted("12345678", &["12345678"]), "********");
    // NextStep nothing is held back or copied.
    let piece = Bytes::from_static(b"1234567");
    let through = Redactor::new(secrets("1234567")).push(piece.clone());
    assert_eq!(through.as_ptr(), piece.as_ptr());
}

/// Texts with the key, with parts of it, and with similar texts.
struct Random(fastrand::Rng);

impl Random {
    fn text(&mut self, key: &str) -> Vec<u8> {
        let mut text = Vec::new();
        for _ in 0..self.0.usize(..12) {
            let at = self.0.usize(..=key.len());
            match self.0.u8(..6) {
                0 => text.extend(key.as_bytes()),
                1 | 2 => text.extend(&key.as_bytes()[..at]),
                3 => text.extend(&key.as_bytes()[at..]),
                4 => text.extend(std::iter::repeat_n(b'*', at)),
                _ => text.extend(std::iter::repeat_with(|| self.0.u8(b'a'..b'e')).take(at)),
            }
        }
        text
    }

    fn pieces<'t>(&mut self, text: &'t [u8]) -> Vec<&'t [u8]> {
        let mut borders: Vec<_> = (0..self.0.usize(..6))
            .map(|_| self.0.usize(..=text.len()))
            .collect();
        borders.extend([0, text.len()]);
        borders.sort_unstable();
        let pairs = borders.windows(2).map(|pair| &text[pair[0]..pair[1]]);
        pairs.collect()
    }
}

/// The protection against guessing: of the frames only masked bytes depend on the key,
/// and only whole keys are masked.
#[test]
fn the_view_of_a_guest_depends_only_on_whole_keys() {
    let mut random = Random(fastrand::Rng::with_seed(12));
    for key in [KEY, "aaaaaaaaa", "abababababa", "dcbaabcdabc"] {
        let other = "Z".repeat(key.len());
        for round in 0..3000 {
            let text = random.text(key);
            let pieces = random.pieces(&text);
            let (seen, without) = (frames(key, &pieces), frames(&other, &pieces));
            let lengths = |frames: &[Bytes]| -> Vec<_> { frames.iter().map(Bytes::len).collect() };
            assert_eq!(lengths(&seen), lengths(&without), "{key} {round}");
            assert_eq!(without.concat(), text);
            let mut expected = text.clone();
            for at in 0..text.len() {
                if text[at..].starts_with(key.as_bytes()) {
                    expected[at..at + key.len()].fill(b'*');
                }
            }
            assert_eq!(seen.concat(), expected, "{key} {round} {pieces:?}");
        }
    }
}

/// A server that echoes a guest's text and flushes right after it. The attack tries
/// each character, and keeps the one with the shortest frame.
fn attack(length: usize, frame: impl Fn(&[u8]) -> usize) -> String {
    let alphabet: Vec<char> = ('a'..='z').chain('0'..='9').collect();
    let mut known = String::new();
    while known.len() < length {
        let echo = |next: &char| frame(format!("{:->99}", format!("{known}{next}")).as_bytes());
        let lengths: Vec<_> = alphabet.iter().map(echo).collect();
        if lengths.iter().all(|length| *length == lengths[0]) {
            break;
        }
        let shortest = (0..lengths.len()).min_by_key(|at| lengths[*at]);
        known.extend(shortest.map(|at| alphabet[at]));
    }
    known
}

#[test]
fn guessing_character_by_character_reveals_nothing() {
    const SECRET: &str = "q7rk2m9xw4";
    // A vulnerable implementation: holds back the end only where a key may begin.
    let conditional = |piece: &[u8]| {
        let longest = (1..SECRET.len()).rev();
        let mut begun = longest.filter(|n| piece.ends_with(&SECRET.as_bytes()[..*n]));
        piece.len() - begun.next().unwrap_or(0)
    };
    let learned = attack(SECRET.len() - 1, conditional);
    assert_eq!(learned, SECRET[..SECRET.len() - 1], "the attack works");
    let ours = |piece: &[u8]| frames(SECRET, &[piece])[0].len();
    assert_eq!(attack(SECRET.len() - 1, ours), "");
}

fn headers(of: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in of {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn headers_are_masked_at_equal_length_and_none_is_lost() {
    let mut redacted = headers(&[
        ("x-echo", "a AbCdEfGhI b"),
        ("abcdefghi-x", "1"),
        ("etag", "z"),
        ("abcdefghi-x", "2"),
        ("*********-x", "3"),
        ("x-abcdefgh", "AbCdEfGh"),
    ]);
    secrets("AbCdEfGhI").redact_headers(&mut redacted);
    let expected = headers(&[
        ("x-echo", "a ********* b"),
        ("*********-x", "1"),
        ("*********-x", "2"),
        ("etag", "z"),
        ("*********-x", "3"),
        ("x-abcdefgh", "AbCdEfGh"),
    ]);
    let lines = |headers: &HeaderMap| format!("{headers:?}");
    assert_eq!(lines(&redacted), lines(&expected));
}

#[test]
fn headers_with_a_part_of_the_key_are_unchanged() {
    let mut random = Random(fastrand::Rng::with_seed(13));
    for _ in 0..300 {
        let line = |random: &mut Random| {
            let mut text = || String::from_utf8(random.text(KEY)).unwrap();
            (format!("x{}", text()), text())
        };
        let lines: Vec<_> = (0..5).map(|_| line(&mut random)).collect();
        let lines: Vec<_> = lines
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let mut redacted = headers(&lines);
        let mut other = redacted.clone();
        secrets(KEY).redact_headers(&mut redacted);
        secrets("ZZZZZZZZZ").redact_headers(&mut other);
        let lengths = |headers: &HeaderMap| {
            let pairs = headers.iter().map(|(n, v)| (n.as_str().len(), v.len()));
            let mut lengths: Vec<_> = pairs.collect();
            lengths.sort_unstable();
            lengths
        };
        assert_eq!(lengths(&redacted), lengths(&other));
        assert!(!format!("{redacted:?}").contains(KEY), "{redacted:?}");
    }
}

#[test]
fn the_credentials_of_a_proxy_are_secrets_where_requests_carry_them() {
    let shown = |scheme, text: &str| {
        let mut settings = settings(1);
        settings.origin.scheme = scheme;
        settings.proxy = super::super::tests::proxy("http://me:pass%20word@127.0.0.1:3128");
        Secrets::new(&settings).redact_text(text)
    };
    // RFC 7617: `me:pass word` in base 64.
    let text = "Basic bWU6cGFzcyB3b3Jk is me:pass word, s3cret-key";
    let masked = format!("Basic {} is me:{}, {}", stars(16), stars(9), stars(10));
    assert_eq!(shown(Scheme::Http, text), masked);
    let tunnel = format!("Basic bWU6cGFzcyB3b3Jk is me:pass word, {}", stars(10));
    assert_eq!(shown(Scheme::Https, text), tunnel);
}

#[test]
fn secrets_of_different_lengths_are_masked_across_every_chunk_boundary() {
    let mut settings = settings(1);
    settings.credential = ApiKey::new("abcdefghijklmnopqrstuvwxyz").unwrap();
    settings.proxy = super::super::tests::proxy("http://me:klmnopqrstuv@127.0.0.1:3128");
    let secrets = Arc::new(Secrets::new(&settings));
    let text = "-klmnopqrstuv-abcdefghijklmnopqrstuvwxyz-klmnopqrstu-klmnopqrstuv";
    let masked = format!("-{}-{}-klmnopqrstu-{}", stars(12), stars(26), stars(12));
    for one in 0..=text.len() {
        for two in one..=text.len() {
            let mut redactor = Redactor::new(Arc::clone(&secrets));
            let mut all = Vec::new();
            for piece in [&text[..one], &text[one..two], &text[two..]] {
                all.extend(redactor.push(Bytes::from_static(piece.as_bytes())));
            }
            all.extend(redactor.finish());
            assert_eq!(String::from_utf8(all).unwrap(), masked, "{one} {two}");
        }
    }
}
