//! One request and the head of its answer.

use std::pin::pin;
use std::sync::Arc;

use http::{Request, Response, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::{Instant, timeout, timeout_at};

use super::allow::{self, Rule};
use super::body::ResponseBody;
use super::client::RequestBody;
use super::failure::{Failure, Step};
use super::patience::Patience;
use super::record::Record;
use super::{Egress, credential};

impl Egress {
    /// Sends a guest's request, if it may leave, as the host's own.
    pub(super) async fn exchange(
        self: Arc<Self>,
        mut request: Request<RequestBody>,
        patience: Patience,
    ) -> Result<Response<ResponseBody>, Failure> {
        self.admit(&request).map_err(|rule| self.deny(rule))?;
        let path = self.readdress(&mut request);
        let id = credential::add(request.headers_mut(), &self.settings.credential);
        let mut record = Record::new(Arc::clone(&self), request.method().clone(), path, id);

        let begun = Instant::now();
        let deadline = begun.checked_add(patience.total).unwrap_or(begun);
        let answer = timeout_at(deadline, self.answer(request, patience))
            .await
            .unwrap_or(Err(Failure::Timeout(Step::Total)))
            .and_then(|response| self.fitting(response))
            .map_err(|failure| record.failed(failure))?;

        let (mut head, incoming) = answer.into_parts();
        record.answered(head.status);
        credential::strip(&mut head.headers);
        let cap = self.settings.max_response_bytes;
        let body = ResponseBody::new(incoming, record, cap, patience, deadline);
        Ok(Response::from_parts(head, body))
    }

    fn admit(&self, request: &Request<RequestBody>) -> Result<(), Rule> {
        allow::check(&self.settings.origin, request.method(), request.uri())?;
        // The guest cannot make such a header; this holds if that ever changes.
        let reserved = request.headers().keys().any(credential::is_reserved);
        if reserved {
            Err(Rule::Credential)
        } else {
            Ok(())
        }
    }

    fn deny(&self, rule: Rule) -> Failure {
        self.observer.denied(&self.site, rule.as_str());
        Failure::Denied(rule)
    }

    /// Puts our own scheme and authority before the guest's path, so that what
    /// was checked is also what is used. Answers with the path.
    fn readdress(&self, request: &mut Request<RequestBody>) -> String {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path.as_str())
            .build();
        // Proven: its parts come from valid addresses. Were they not, the
        // checked address would do as well.
        if let Ok(uri) = uri {
            *request.uri_mut() = uri;
        }
        path
    }

    /// Waits for a connection, then for the first byte.
    async fn answer(
        &self,
        mut request: Request<RequestBody>,
        patience: Patience,
    ) -> Result<Response<Incoming>, Failure> {
        let mut captured = capture_connection(&mut request);
        let connected = async { drop(captured.wait_for_connection_metadata().await) };
        let mut response = pin!(self.client.request(request));
        tokio::select! {
            // A connection that failed by itself says more than our timeout.
            biased;
            answer = &mut response => {
                return answer.map_err(|error| Failure::from_chain(&error));
            }
            in_time = timeout(patience.connect, connected) => {
                in_time.map_err(|_| Failure::Timeout(Step::Connect))?;
            }
        }
        timeout(patience.first_byte, response)
            .await
            .map_err(|_| Failure::Timeout(Step::FirstByte))?
            .map_err(|error| Failure::from_chain(&error))
    }

    /// A body that says beforehand that it is too large is not begun.
    fn fitting(&self, response: Response<Incoming>) -> Result<Response<Incoming>, Failure> {
        let cap = self.settings.max_response_bytes;
        if response.body().size_hint().lower() > cap {
            return Err(Failure::TooLarge(cap));
        }
        Ok(response)
    }
}
