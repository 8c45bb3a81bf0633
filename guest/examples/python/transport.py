"""Requests by wasi:http. The host adds the credential."""

import math
from urllib.parse import urlsplit

from componentize_py_types import Err
from netbackup import Response, Unanswered, reason_of_error_code
from wit_world.exports.collector import Reason_Denied
from wit_world.imports import outgoing_handler
from wit_world.imports.streams import StreamError_Closed
from wit_world.imports.types import (
    ErrorCode_InternalError,
    Fields,
    OutgoingRequest,
    RequestOptions,
    Scheme_Http,
    Scheme_Https,
    http_error_code,
)

CHUNK = 65536


def sender(base_url):
    """Returns a function that sends GET requests to a site and raises `Unanswered`.

    Each step of a request may take this time.
    """
    base = urlsplit(base_url)
    scheme = Scheme_Http() if base.scheme == "http" else Scheme_Https()

    def send(path_and_query, headers, seconds):
        request = OutgoingRequest(fields_of(headers))
        request.set_scheme(scheme)
        request.set_authority(base.netloc)
        request.set_path_with_query(base.path.rstrip("/") + path_and_query)
        try:
            return read(respond(request, limits(seconds)))
        except Err as error:
            raise Unanswered(reason_of_error_code(error.value)) from error

    return send


def fields_of(headers):
    """Here the host rejects a header that it sets itself, before there is a request."""
    try:
        return Fields.from_list([(name, value.encode()) for name, value in headers.items()])
    except Err as error:
        name = type(error.value).__name__.removeprefix("HeaderError_")
        why = f"the host rejected a header: {name}, of {', '.join(headers)}"
        raise Unanswered(Reason_Denied(why)) from error


def limits(seconds):
    options = RequestOptions()
    if math.isfinite(seconds):
        nanoseconds = math.ceil(seconds * 1e9)
        options.set_connect_timeout(nanoseconds)
        options.set_first_byte_timeout(nanoseconds)
        options.set_between_bytes_timeout(nanoseconds)
    return options


def respond(request, options):
    with outgoing_handler.handle(request, options) as future:
        with future.subscribe() as ready:
            ready.block()
        result = future.get().value
    if isinstance(result, Err):
        raise result
    return result.value


def read(response):
    """Reads the response. A resource is dropped before the one that it comes from."""
    with response:
        with response.headers() as fields:
            entries = fields.entries()
            headers = {name.lower(): value.decode(errors="replace") for name, value in entries}
        with response.consume() as body, body.stream() as stream:
            chunks = list(iter(lambda: read_chunk(stream), b""))
        return Response(response.status(), headers, b"".join(chunks))


def read_chunk(stream):
    try:
        return stream.blocking_read(CHUNK)
    except Err as error:
        if isinstance(error.value, StreamError_Closed):
            return b""
        raise Err(http_error_code(error.value.value) or ErrorCode_InternalError(None)) from error
