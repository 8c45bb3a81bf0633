"""The NetBackup API: version, errors, pages."""

import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from componentize_py_types import Err
from wit_world.exports import collector as wit
from wit_world.imports import types

# The newest API version that this guest knows. A server accepts its own and older ones.
NEWEST = "14.0"
MAX_PAGES = 1000

TIMEOUTS = (
    types.ErrorCode_DnsTimeout,
    types.ErrorCode_ConnectionTimeout,
    types.ErrorCode_ConnectionReadTimeout,
    types.ErrorCode_ConnectionWriteTimeout,
    types.ErrorCode_HttpResponseTimeout,
)
DENIALS = (
    types.ErrorCode_HttpRequestDenied,
    types.ErrorCode_DestinationIpProhibited,
    types.ErrorCode_HttpRequestUriTooLong,
    types.ErrorCode_HttpRequestHeaderSectionSize,
    types.ErrorCode_HttpRequestBodySize,
    types.ErrorCode_ConnectionLimitReached,
)
BAD_RESPONSES = (
    types.ErrorCode_HttpProtocolError,
    types.ErrorCode_HttpResponseHeaderSectionSize,
    types.ErrorCode_HttpResponseBodySize,
    types.ErrorCode_HttpResponseContentCoding,
)


def reason_of_error_code(code):
    """The reason for an error of wasi:http. `wit/world.wit` explains the codes."""
    name = type(code).__name__.removeprefix("ErrorCode_")
    if isinstance(code, TIMEOUTS):
        return wit.Reason_Timeout()
    if isinstance(code, DENIALS):
        return wit.Reason_Denied(f"the host denied the request: {name}")
    if isinstance(code, BAD_RESPONSES):
        return wit.Reason_Malformed(name)
    if isinstance(code, types.ErrorCode_InternalError):
        return wit.Reason_Unreachable(code.value or name)
    return wit.Reason_Unreachable(name)


class Unanswered(Exception):
    """There was no response, for this reason."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass
class Response:
    status: int
    # With names in lower case.
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Host:
    """What a guest gets from the host, or from a test."""

    # Called with path and query, headers, and the number of seconds it may take.
    send: Callable[[str, dict[str, str], float], Response]
    log: Callable
    # Seconds since the Unix epoch.
    now: Callable[[], float] = time.time


@dataclass
class List:
    """The attributes of each row by id, and the number of rows without an id."""

    rows: dict[str, dict] = field(default_factory=dict)
    skipped: int = 0


def by_offset(pagination, read, is_empty):
    """The next page of a list that counts its rows, as most do."""
    count = pagination.get("count")
    is_last = read >= count if isinstance(count, int) else is_empty
    return None if is_last else {"page[offset]": read}


def by_cursor(pagination, read, is_empty):
    """The next page of a list with cursors, such as `/admin/jobs`."""
    cursor = pagination.get("next")
    return {"page[after]": cursor} if cursor else None


class Client:
    """Sends requests in one API version. Raises `Err` with a failure."""

    def __init__(self, settings, last_api_version, host, deadline=math.inf):
        self.requests = 0
        # For the next call, unless it must be detected again.
        self.version = settings.api_version or last_api_version
        self._is_fixed = settings.api_version is not None
        self._host = host
        self._deadline = deadline

    def get(self, path, query):
        """Sends a request with the API version and parses the response, an object."""
        if self.version is None:
            self.version = self.detect_version()
        accept = f"application/vnd.netbackup+json;version={self.version}"
        response = self._send(path, "?" + urlencode(query), {"accept": accept})
        try:
            return as_object(response.body)
        except ValueError as error:
            raise malformed(path, str(error)) from error

    def list(self, path, limit, paging=by_offset):
        """Reads a list. `paging` is `by_offset` or `by_cursor`.

        A list that lacks a page is a failure, never a smaller number.
        """
        found = List()
        read = 0
        place = {}
        for pages in range(1, MAX_PAGES + 1):
            page = self.get(path, {"page[limit]": limit} | place)
            # A server without rows may answer `{}`.
            data = page.get("data") if page else []
            if not isinstance(data, list):
                raise malformed(path, "expected a list `data`")
            known = len(found.rows) + found.skipped
            add_rows(found, data)
            read += len(data)
            place = paging(pagination_of(page), read, not data)
            if place is None:
                return found
            if not data:
                raise malformed(path, f"no rows after {read}, and the list goes on")
            if len(found.rows) + found.skipped == known:
                break
        raise failed(path, wit.Reason_TooLong(pages))

    def detect_version(self):
        """Asks the server, which answers without a credential."""
        response = self._send("/ping", "", {})
        version = response.headers.get("x-netbackup-api-version", "").strip()
        if not re.fullmatch(r"\d+\.\d+", version):
            raise malformed("/ping", "expected a header `X-NetBackup-API-Version`")
        return min(version, NEWEST, key=float)

    def _send(self, path, query, headers):
        left = self._deadline - self._host.now()
        if left <= 0:
            raise failed(path, wit.Reason_Timeout())
        self.requests += 1
        try:
            response = self._host.send(path + query, headers, left)
        except Unanswered as error:
            raise failed(path, error.reason) from error
        if response.status == 200:
            return response
        # The server was replaced by an older one, so the version is detected next time.
        if response.status == 406 and not self._is_fixed:
            self.version = None
        request_id = response.headers.get("x-request-id")
        raise failed(path, self._reason_of_status(response), message_of(response), request_id)

    def _reason_of_status(self, response):
        match response.status:
            case 401 | 403:
                return wit.Reason_Unauthorized()
            case 429 | 503:
                return wit.Reason_Busy(self._retry_after(response))
            case status:
                return wit.Reason_Status(status)

    def _retry_after(self, response):
        """NetBackup sends a date and time, not a number of seconds."""
        try:
            moment = datetime.fromisoformat(response.headers.get("retry-after", ""))
        except ValueError:
            return None
        seconds = math.ceil(moment.timestamp() - self._host.now())
        return seconds if seconds > 0 else None


def add_rows(found, data):
    """A new row moves others to a later page, where they are read again."""
    for row in data:
        if isinstance(row, dict) and row.get("id"):
            attributes = row.get("attributes")
            found.rows[str(row["id"])] = attributes if isinstance(attributes, dict) else {}
        else:
            found.skipped += 1


def pagination_of(page):
    meta = page.get("meta")
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    return pagination if isinstance(pagination, dict) else {}


def failed(endpoint, reason, detail=None, request_id=None):
    return Err(wit.Failure(endpoint, reason, detail, request_id))


def malformed(endpoint, place):
    return failed(endpoint, wit.Reason_Malformed(place))


def as_object(body):
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    return value


def message_of(response):
    """The server's error code and message."""
    try:
        error = as_object(response.body)
        return f"{error['errorCode']}: {error['errorMessage']}"[:300]
    except (ValueError, KeyError):
        return None
