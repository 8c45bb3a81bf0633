//! The API paths that a guest declares.

use http::{Method, Uri};

/// Returns version and time of every server, without a credential (`gateway.yaml GET
/// /ping`).
const PING: &str = "/ping";

/// Declared methods and paths. A segment such as `{id}` matches any one segment that is
/// not empty.
#[derive(Clone, Debug)]
pub(super) struct Templates(Vec<Template>);

#[derive(Clone, Debug)]
struct Template {
    method: Method,
    path: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Exact(String),
    Any,
}

impl Templates {
    /// The declared endpoints and `/ping`.
    pub(super) fn new<'p>(declared: impl IntoIterator<Item = (Method, &'p str)>) -> Self {
        let all = declared.into_iter().chain([(Method::GET, PING)]);
        let parse = |(method, path): (_, &str)| Template {
            method,
            path: path.to_owned(),
            segments: segments(path).map(Segment::of).collect(),
        };
        Self(all.map(parse).collect())
    }

    /// Whether `path`, as returned by [`below`], is declared with this method.
    pub(super) fn match_request(&self, method: &Method, path: &str) -> bool {
        self.template(method, path).is_some()
    }

    /// The path as it was declared.
    pub(super) fn template(&self, method: &Method, path: &str) -> Option<&str> {
        let mut declared = self.0.iter().filter(|it| it.method == method);
        let matches = |template: &&Template| {
            let asked: Vec<_> = segments(path).collect();
            let pairs = template.segments.iter().zip(&asked);
            template.segments.len() == asked.len() && pairs.into_iter().all(|(t, s)| t.matches(s))
        };
        Some(&declared.find(matches)?.path)
    }
}

impl Segment {
    fn of(text: &str) -> Self {
        if text.len() > 2 && text.starts_with('{') && text.ends_with('}') {
            Self::Any
        } else {
            Self::Exact(text.to_owned())
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => !text.is_empty(),
            Self::Exact(expected) => expected == text,
        }
    }
}

/// The text after each `/`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// The path below the site's base path, if it is unambiguous. It may end with one slash,
/// which then belongs to it: `config_policies.yaml` has `/config/policies/`.
pub(super) fn below<'u>(base_path: &str, uri: &'u Uri) -> Option<&'u str> {
    let below = uri.path().strip_prefix(base_path)?;
    let named = below.strip_suffix('/').unwrap_or(below);
    let plain = named.starts_with('/') && segments(named).all(is_plain);
    plain.then_some(below)
}

/// Not empty, no `.` or `..`, and without characters that a server may decode, cut off
/// or take for a separator, such as `%`, `;` and `\`.
fn is_plain(segment: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@+,=".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(base: &str, path: &str) -> bool {
        let declared = [
            "/admin/jobs",
            "/config/policies/",
            "/storage/disk-pools/{poolId}/volumes",
            "/storage/drives/{driveId}",
            "/{",
        ];
        let uri: Uri = format!("http://nbu1{path}").parse().unwrap();
        let declared = Templates::new(declared.map(|path| (Method::GET, path)));
        below(base, &uri).is_some_and(|below| declared.match_request(&Method::GET, below))
    }

    #[test]
    fn declared_paths_match_segment_by_segment() {
        for path in [
            "/ping",
            "/admin/jobs",
            "/admin/jobs?filter=a%2F..%2Fb",
            "/config/policies/",
            "/config/policies/?page[limit]=500",
            "/storage/disk-pools/PureDisk:dp_1@host/volumes",
        ] {
            assert!(allowed("", path), "{path}");
            assert!(
                allowed("/netbackup", &format!("/netbackup{path}")),
                "{path}"
            );
        }
    }

    #[test]
    fn every_other_path_is_refused() {
        for path in [
            "/",
            "",
            "/admin",
            "/admin/jobs/",
            "/config/policies",
            "/config/policies/x",
            "/ping/",
            "/storage/drives/",
            "/storage/drives/1/",
            "/admin/jobs/1",
            "/admin/jobsx",
            "/Admin/jobs",
            "/storage/disk-pools/volumes",
            "/storage/disk-pools/a/b/volumes",
            "/storage/disk-pools/a/volumes/b",
        ] {
            assert!(!allowed("", path), "{path}");
        }
    }

    #[test]
    fn an_ambiguous_path_is_rejected() {
        for path in [
            "//admin/jobs",
            "/config/policies//",
            "/config//policies/",
            "/config/policies/./",
            "/config/policies/../",
            "/config/policies/%2f",
            "//",
            "/admin//jobs",
            "/admin/./jobs",
            "/x/../admin/jobs",
            "/storage/disk-pools/../volumes",
            "/storage/disk-pools/%2e%2e/volumes",
            "/storage/disk-pools/a%2fb/volumes",
            "/storage/disk-pools/a;b/volumes",
            "/storage/disk-pools/a\\b/volumes",
            "/admin/%6aobs",
            "/admin/jobs;x=1",
            "/netbackupadmin/jobs",
        ] {
            assert!(!allowed("", path), "{path}");
            assert!(!allowed("/netbackup", path), "{path}");
            assert!(
                !allowed("/netbackup", &format!("/netbackup{path}")),
                "{path}"
            );
        }
    }
}
