//! HTTP hooks for calls without network access.

use std::future::ready;

use http::{Request, Response};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

use crate::egress::BODY_CHUNK;

/// Denies every request.
pub(super) struct OfflineHooks;

type Io = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for OfflineHooks {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io)>> + Send> {
        Box::new(ready(Err(Error::HttpRequestDenied)))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK
    }
}
