//! Overrides WASI functions that would use what a guest may not have, or would not give
//! back what they took.

use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut, bail};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, HostOutgoingRequest as _, Method};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{RequestOptions, WasiHttpView as _};

use super::instance::Instance;

/// The interfaces as linked by `wasmtime-wasi` and `wasmtime-wasi-http`.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";
const TYPES: &str = "wasi:http/types@0.2.12";
const STREAMS: &str = "wasi:io/streams@0.2.12";

/// Maximum length of a method. The longest registered one has 17 bytes.
const METHOD: usize = 32;
/// Maximum length of an authority: a host name, a port, and some spare bytes.
const AUTHORITY: usize = 512;

type RequestHandle = Resource<HostOutgoingRequest>;
type OptionsHandle = Resource<RequestOptions>;
type Handled = std::result::Result<Resource<HostFutureIncomingResponse>, ErrorCode>;
type Splice = (Resource<DynOutputStream>, Resource<DynInputStream>, u64);

/// Replaces the linked functions.
pub(super) fn link(linker: &mut Linker<Instance>) -> Result<()> {
    linker.allow_shadowing(true);
    link_handler(linker)?;
    let mut types = linker.instance(TYPES)?;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store: StoreContextMut<'_, Instance>, (request, method): (RequestHandle, Method)| {
            if matches!(&method, Method::Other(other) if other.len() > METHOD) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_method(request, method)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut store: StoreContextMut<'_, Instance>,
         (request, name): (RequestHandle, Option<String>)| {
            if name.as_ref().is_some_and(|name| name.len() > AUTHORITY) {
                return Ok((Err(()),));
            }
            Ok((store.data_mut().http().set_authority(request, name)?,))
        },
    )?;
    // A single byte of a response, spliced into a request, would keep the whole
    // received buffer alive.
    let mut streams = linker.instance(STREAMS)?;
    for name in ["splice", "blocking-splice"] {
        streams.func_wrap(
            &format!("[method]output-stream.{name}"),
            |_: StoreContextMut<'_, Instance>, _: Splice| -> Result<(Spliced,)> {
                bail!("`splice` is not available: read from one stream and write to the other")
            },
        )?;
    }
    linker.allow_shadowing(false);
    Ok(())
}

/// `wasmtime-wasi-http` reads the options that it is given and leaves them in the table, so
/// each request with a timeout would take a handle from the guest for good.
fn link_handler(linker: &mut Linker<Instance>) -> Result<()> {
    linker.instance(HANDLER)?.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, Instance>,
         (request, options): (RequestHandle, Option<OptionsHandle>)|
         -> Result<(Handled,)> {
            let mut http = store.data_mut().http();
            let read = options.as_ref().map(|it| Resource::new_own(it.rep()));
            let sent = http.handle(request, read);
            if let Some(options) = options {
                http.table.delete(options)?;
            }
            let sent = sent.map(Ok).or_else(|error| error.downcast().map(Err))?;
            Ok((sent,))
        },
    )
}

/// The result type of `splice`.
type Spliced = std::result::Result<u64, wasmtime_wasi::p2::bindings::io::streams::StreamError>;
