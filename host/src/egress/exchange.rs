//! One request and the head of its response.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, HeaderMap, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use tokio::time::{Instant, timeout_at};

use super::body::ResponseBody;
use super::client::{AnswerBody, GuestBody};
use super::deadlines::RequestDeadlines;
use super::failure::{RequestFailure, TimeoutStep};
use super::redact::Redactor;
use super::request_log::RequestLog;
use super::session::Session;
use super::turns::Turn;
use super::{Egress, Scheme, credential, request};

impl Session {
    /// Sends a guest's request, if it is allowed, with the host's headers.
    pub(super) async fn exchange(
        self: Arc<Self>,
        request: Request<GuestBody>,
        deadlines: RequestDeadlines,
        turn: Option<Turn>,
    ) -> Result<Response<ResponseBody>, RequestFailure> {
        let asked = request.uri().to_string();
        let slot = self
            .admit(&request)
            .map_err(|rule| self.deny(rule, &asked))?;
        if let Some(turn) = &turn {
            turn.wait().await;
        }
        let span = self.span(&request);
        let egress = Arc::clone(&self.egress);
        let (mut sent, body) = request.into_parts();
        let path = egress.readdress(&mut sent.uri);
        let id = egress.sign(&sent.method, &mut sent.headers);
        span.propagate(&mut sent.headers);
        let method = sent.method.clone();
        let recorder = egress.recorder.get();
        let recording = recorder.map(|it| it.begin(&method, &path, &sent.headers));
        let mut request_log = RequestLog::new(Arc::clone(&egress), method, path, id, slot, span);

        self.tally.sent();
        let begun = Instant::now();
        let deadline = begun.checked_add(deadlines.total).unwrap_or(begun);
        let limit = egress.settings.limits.request_bytes;
        let exchanging = async {
            let request = request::frame(sent, body, limit).await?;
            if let Some(recording) = &recording {
                recording.sent(request.body()).await;
            }
            let response = self.upstream.answer(request, deadlines).await?;
            egress.check_response(response)
        };
        let answer = timeout_at(deadline, exchanging)
            .await
            .unwrap_or(Err(RequestFailure::Timeout(TimeoutStep::Total)))
            .map_err(|failure| match failure {
                // Some rules can only be checked while sending.
                RequestFailure::Denied(rule) => self.deny(rule, &asked),
                failure => failure,
            })
            .inspect_err(|failure| self.tally.failed(failure))
            .inspect_err(|failure| recording.iter().for_each(|it| it.failed(failure)))
            .map_err(|failure| request_log.failed(failure))
            .inspect_err(|failure| self.report_failure(failure))?;

        let (mut head, incoming) = answer.into_parts();
        self.tally.answered(head.status);
        request_log.answered(head.status);
        self.report_answer();
        credential::strip(&mut head.headers);
        egress.secrets.redact_headers(&mut head.headers);
        if let Some(recording) = &recording {
            recording.answered(head.status, &head.headers);
        }
        let redactor = Redactor::new(Arc::clone(&egress.secrets));
        let body = ResponseBody::new(incoming, self, request_log, redactor, deadlines, deadline);
        Ok(Response::from_parts(head, body.recorded(recording, turn)))
    }
}

impl Egress {
    /// Replaces scheme and authority by the configured ones, so that the checked address
    /// is the one that is used. Returns the path.
    fn readdress(&self, uri: &mut Uri) -> String {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = path.to_owned();
        let configured = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path.as_str())
            .build();
        // All parts come from valid addresses, so this succeeds. The checked address
        // would be safe as well.
        if let Ok(configured) = configured {
            *uri = configured;
        }
        path
    }

    /// Replaces the guest's headers with those that may leave and the host's own.
    /// Returns the request's id.
    fn sign(&self, method: &Method, headers: &mut HeaderMap) -> HeaderValue {
        let removed = request::retain_allowed(method, headers);
        if removed > 0 {
            self.observer.headers_removed(&self.site, removed);
        }
        let id = credential::add(headers, &self.settings.credential);
        // In a tunnel the site would see it; there the connector sends it.
        let proxy = self.settings.proxy.as_ref();
        if self.settings.origin.scheme == Scheme::Http
            && let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.clone())
        {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        id
    }

    /// Rejects a body that is announced as too large, or encoded without a request for
    /// it: no secret could be found in it.
    fn check_response(
        &self,
        response: Response<AnswerBody>,
    ) -> Result<Response<AnswerBody>, RequestFailure> {
        for (header, plain) in [
            (CONTENT_ENCODING, "identity"),
            (TRANSFER_ENCODING, "chunked"),
        ] {
            for value in response.headers().get_all(header) {
                if !value.as_bytes().eq_ignore_ascii_case(plain.as_bytes()) {
                    let coding = String::from_utf8_lossy(value.as_bytes());
                    return Err(RequestFailure::Encoded(coding.into_owned()));
                }
            }
        }
        let cap = self.settings.limits.response_bytes;
        if response.body().size_hint().lower() > cap {
            return Err(RequestFailure::TooLarge(cap));
        }
        Ok(response)
    }
}
