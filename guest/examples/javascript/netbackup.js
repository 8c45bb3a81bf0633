// The NetBackup API: version, errors, pages.

/** The newest API version that this guest knows. A server accepts its own and older ones. */
const NEWEST = '14.0';
const MAX_PAGES = 1000;

const TIMEOUTS = [
  'DNS-timeout',
  'connection-timeout',
  'connection-read-timeout',
  'connection-write-timeout',
  'HTTP-response-timeout',
];
const DENIALS = [
  'HTTP-request-denied',
  'destination-IP-prohibited',
  'HTTP-request-URI-too-long',
  'HTTP-request-header-section-size',
  'HTTP-request-body-size',
  'connection-limit-reached',
];
const BAD_RESPONSES = [
  'HTTP-protocol-error',
  'HTTP-response-header-section-size',
  'HTTP-response-body-size',
  'HTTP-response-content-coding',
];

/** The reason for an error of wasi:http. `wit/world.wit` explains the codes. */
export function reasonOfErrorCode({ tag, val }) {
  if (TIMEOUTS.includes(tag)) return { tag: 'timeout' };
  if (DENIALS.includes(tag)) return { tag: 'denied', val: `the host denied the request: ${tag}` };
  if (BAD_RESPONSES.includes(tag)) return { tag: 'malformed', val: tag };
  return { tag: 'unreachable', val: tag === 'internal-error' ? (val ?? tag) : tag };
}

/** A request or list that failed. The bindings return `payload` to the host. */
export class RequestError extends Error {
  constructor(endpoint, reason, { detail, requestId } = {}) {
    super(`${endpoint}: ${reason.tag}`);
    this.payload = { endpoint, reason, detail, requestId };
  }
}

/** The next page of a list that counts its rows, as most do. */
export function byOffset({ count }, read, isEmpty) {
  const isLast = read >= (count ?? (isEmpty ? read : Infinity));
  return isLast ? undefined : { 'page[offset]': read };
}

/** The next page of a list with cursors, such as `/admin/jobs`. */
export function byCursor({ next }) {
  return next ? { 'page[after]': next } : undefined;
}

export class Client {
  /** The requests sent so far. */
  requests = 0;
  #host;
  #version;
  #isFixed;
  #deadline;

  /** `deadline` is a moment of `host.now()`. */
  constructor(settings, lastApiVersion, host, deadline = Infinity) {
    this.#host = host;
    this.#isFixed = settings.apiVersion !== undefined;
    this.#version = settings.apiVersion ?? lastApiVersion;
    this.#deadline = deadline;
  }

  /** The version for the next call, unless it must be detected again. */
  get version() {
    return this.#version;
  }

  /** Sends a request with the API version and parses the response, an object. */
  get(path, query = {}) {
    this.#version ??= this.detectVersion();
    const parameters = new URLSearchParams(query).toString();
    const accept = `application/vnd.netbackup+json;version=${this.#version}`;
    const response = this.#send(path, parameters && `?${parameters}`, { accept });
    try {
      return asObject(JSON.parse(response.text));
    } catch (error) {
      throw malformed(path, error.message);
    }
  }

  /**
   * Reads a list. Returns the attributes by id, and how many rows have no id. A list that
   * lacks a page is an error, never a smaller number. `paging` is `byOffset` or `byCursor`.
   */
  list(path, limit, paging = byOffset) {
    const rows = new Map();
    let skipped = 0;
    let read = 0;
    let place = {};
    for (let pages = 1; ; pages++) {
      const page = this.get(path, { 'page[limit]': limit, ...place });
      // A server without rows may answer `{}`.
      const data = page.data ?? (Object.keys(page).length === 0 ? [] : undefined);
      if (!Array.isArray(data)) throw malformed(path, 'expected a list `data`');
      const known = rows.size + skipped;
      for (const row of data) {
        // A new row moves others to a later page, where they are read again.
        if (row?.id) rows.set(String(row.id), row.attributes ?? {});
        else skipped++;
      }
      read += data.length;
      place = paging(page.meta?.pagination ?? {}, read, data.length === 0);
      if (!place) return { rows, skipped };
      if (data.length === 0) throw malformed(path, `no rows after ${read}, and the list goes on`);
      const isRepeated = rows.size + skipped === known;
      if (isRepeated || pages === MAX_PAGES) {
        throw new RequestError(path, { tag: 'too-long', val: pages });
      }
    }
  }

  /** Asks the server, which answers without a credential. */
  detectVersion() {
    const response = this.#send('/ping', '', {});
    const version = response.headers.get('X-NetBackup-API-Version')?.trim();
    if (!/^\d+\.\d+$/.test(version)) {
      throw malformed('/ping', 'expected a header `X-NetBackup-API-Version`');
    }
    return parseFloat(version) < parseFloat(NEWEST) ? version : NEWEST;
  }

  #send(path, query, headers) {
    const left = this.#deadline - this.#host.now();
    if (left <= 0) throw new RequestError(path, { tag: 'timeout' });
    this.requests++;
    let response;
    try {
      response = this.#host.send(path + query, headers, left);
    } catch (reason) {
      throw reason.tag ? new RequestError(path, reason) : reason;
    }
    if (response.status === 200) return response;
    // The server was replaced by an older one, so the version is detected next time.
    if (response.status === 406 && !this.#isFixed) this.#version = undefined;
    throw new RequestError(path, this.#reasonOfStatus(response), {
      detail: messageOf(response),
      requestId: response.headers.get('X-Request-ID') ?? undefined,
    });
  }

  #reasonOfStatus({ status, headers }) {
    if (status === 401 || status === 403) return { tag: 'unauthorized' };
    if (status !== 429 && status !== 503) return { tag: 'status', val: status };
    // NetBackup sends a date and time, not a number of seconds.
    const seconds = Math.ceil((Date.parse(headers.get('Retry-After')) - this.#host.now()) / 1000);
    return { tag: 'busy', val: seconds > 0 ? BigInt(seconds) : undefined };
  }
}

function malformed(endpoint, place) {
  return new RequestError(endpoint, { tag: 'malformed', val: place });
}

function asObject(value) {
  if (value?.constructor !== Object) throw new Error('expected an object');
  return value;
}

/** The server's error code and message. */
function messageOf({ text }) {
  try {
    const { errorCode, errorMessage } = asObject(JSON.parse(text));
    return errorMessage && `${errorCode}: ${errorMessage}`.slice(0, 300);
  } catch {
    return undefined;
  }
}
