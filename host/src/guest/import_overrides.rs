//! Overrides WASI functions through which a guest could use memory of the host that is
//! not counted.

use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut, bail};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{HostOutgoingRequest as _, Method};
use wasmtime_wasi_http::p2::types::HostOutgoingRequest;

use super::instance::Instance;

/// The interfaces as linked by `wasmtime-wasi` and `wasmtime-wasi-http`.
const TYPES: &str = "wasi:http/types@0.2.12";
const STREAMS: &str = "wasi:io/streams@0.2.12";

/// Maximum length of a method. The longest registered one has 17 bytes.
const METHOD: usize = 32;
/// Maximum length of an authority: a host name, a port, and some spare bytes.
const AUTHORITY: usize = 512;

type RequestHandle = Resource<HostOutgoingRequest>;
type Splice = (Resource<DynOutputStream>, Resource<DynInputStream>, u64);

/// Replaces the linked functions.
pub(super) fn link(linker: &mut Linker<Instance>) -> Result<()> {
    linker.allow_shadowing(true);
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

/// The result type of `splice`.
type Spliced = std::result::Result<u64, wasmtime_wasi::p2::bindings::io::streams::StreamError>;
