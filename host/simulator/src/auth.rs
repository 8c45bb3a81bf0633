//! Authorization: the header `Authorization`, or the cookie of that name
//! (`gateway.yaml`, security schemes).

use http::{HeaderMap, header};
use jiff::Timestamp;

/// The API key that the server accepts. It is neither printed nor logged.
#[derive(Clone)]
pub(crate) struct AcceptedKey {
    text: String,
    /// When it expires, if it does.
    until: Option<Timestamp>,
}

impl AcceptedKey {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            text: key.to_owned(),
            until: None,
        }
    }

    /// The same key with an expiry.
    pub(crate) fn until(self, when: Timestamp) -> Self {
        let until = Some(when);
        Self { until, ..self }
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether the headers contain the key, and it has not expired. NetBackup accepts
    /// the value alone: with a scheme before it, such as `Bearer`, it is another
    /// value. A header takes precedence over a cookie.
    pub(crate) fn opens(&self, headers: &HeaderMap, now: Timestamp) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let given = match values.next() {
            Some(value) => Some(value.as_bytes()),
            None => cookie(headers),
        };
        given == Some(self.text.as_bytes())
            && values.next().is_none()
            && self.until.is_none_or(|until| now < until)
    }
}

/// The value of the cookie `Authorization`.
fn cookie(headers: &HeaderMap) -> Option<&[u8]> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("Authorization="))
        .map(str::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(lines: &[(&'static str, &str)], key: &AcceptedKey) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        key.opens(&headers, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_the_raw_key_is_accepted() {
        let key = AcceptedKey::new("s3cret");
        assert!(opens(&[("authorization", "s3cret")], &key));
        assert!(!opens(&[("authorization", "Bearer s3cret")], &key));
        assert!(!opens(&[("authorization", "s3cre")], &key));
        assert!(!opens(&[], &key));
    }

    #[test]
    fn two_authorizations_are_rejected() {
        let twice = [("authorization", "s3cret"), ("authorization", "s3cret")];
        assert!(!opens(&twice, &AcceptedKey::new("s3cret")));
    }

    #[test]
    fn a_cookie_is_accepted_without_a_header() {
        let key = AcceptedKey::new("s3cret");
        let cookie = ("cookie", "lang=en; Authorization=s3cret");
        assert!(opens(&[cookie], &key));
        assert!(!opens(&[cookie, ("authorization", "another")], &key));
        assert!(!opens(&[("cookie", "authorization=s3cret")], &key));
    }

    #[test]
    fn an_expired_key_is_rejected() {
        let line = [("authorization", "s3cret")];
        let until = |second| {
            let until = Timestamp::from_second(second).unwrap();
            AcceptedKey::new("s3cret").until(until)
        };
        assert!(opens(&line, &until(1)));
        assert!(!opens(&line, &until(0)));
    }
}
