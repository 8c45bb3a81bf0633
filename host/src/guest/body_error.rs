//! Reports to the guest why a response body failed, as a wasi-http error code.
//!
//! The function `wasi:http/types.http-error-code` converts a stream error into an
//! error code. Wasmtime 48 only recognizes its own errors, and returns nothing for
//! errors of bodies from hooks. Then a guest could not distinguish a timeout from a
//! body over the size limit. So this module replaces the function.

use wasmtime::Result;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::io::error::Error as IoError;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::instance::Instance;

/// The interface as linked by `wasmtime-wasi-http`.
const TYPES: &str = "wasi:http/types@0.2.12";

type ErrorCodeParams = (Resource<IoError>,);

/// Replaces the linked function.
pub(super) fn link(linker: &mut Linker<Instance>) -> Result<()> {
    linker.allow_shadowing(true);
    linker.instance(TYPES)?.func_wrap(
        "http-error-code",
        |mut store: StoreContextMut<'_, Instance>, (error,): ErrorCodeParams| {
            let error = store.data_mut().http().table.get(&error)?;
            let foreign = error.downcast_ref::<ErrorCode>().cloned();
            Ok((foreign.or_else(|| error.downcast_ref::<Error>().and_then(code)),))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The errors of response bodies from `egress`.
fn code(error: &Error) -> Option<ErrorCode> {
    match error {
        Error::ConnectionReadTimeout => Some(ErrorCode::ConnectionReadTimeout),
        Error::ConnectionTerminated => Some(ErrorCode::ConnectionTerminated),
        Error::HttpResponseTimeout => Some(ErrorCode::HttpResponseTimeout),
        Error::HttpResponseIncomplete => Some(ErrorCode::HttpResponseIncomplete),
        Error::HttpResponseBodySize(limit) => Some(ErrorCode::HttpResponseBodySize(*limit)),
        Error::HttpRequestDenied => Some(ErrorCode::HttpRequestDenied),
        Error::HttpProtocolError => Some(ErrorCode::HttpProtocolError),
        _ => None,
    }
}
