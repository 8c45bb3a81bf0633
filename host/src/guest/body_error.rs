//! Why a body broke off, told to the guest in wasi-http's own words.
//!
//! `wasi:http/types.http-error-code` is to turn a stream's error into an error
//! code. Wasmtime 48 does so only for codes of its own making and answers none
//! for the errors of a body that somebody else sends, so the guest could not tell
//! a timeout from a body over its cap. This replaces that one function.

use wasmtime::Result;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::io::error::Error as IoError;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::instance::Instance;

/// The interface as `wasmtime-wasi-http` has linked it.
const TYPES: &str = "wasi:http/types@0.2.12";

type ErrorCodeParams = (Resource<IoError>,);

/// Puts the function in the target of the one that was linked before.
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

/// The errors that `egress` ends a body with.
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
