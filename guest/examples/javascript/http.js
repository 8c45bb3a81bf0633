// Requests by wasi:http. The host adds the credential.

import { handle } from 'wasi:http/outgoing-handler@0.2.12';
import { Fields, OutgoingRequest, RequestOptions, httpErrorCode } from 'wasi:http/types@0.2.12';
import { reasonOfErrorCode } from './netbackup.js';

const CHUNK = 65536n;
const dispose = Symbol.dispose ?? Symbol.for('dispose');

/**
 * Returns a function that sends GET requests to a site. Each step of a request may take
 * this time. It throws a `reason`.
 */
export function sender(baseUrl) {
  const { protocol, host, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/+$/, '');
  return (pathAndQuery, headers, milliseconds) => {
    try {
      const request = new OutgoingRequest(fieldsOf(headers));
      request.setScheme({ tag: protocol === 'http:' ? 'HTTP' : 'HTTPS' });
      request.setAuthority(host);
      request.setPathWithQuery(basePath + pathAndQuery);
      return read(respond(request, limits(milliseconds)));
    } catch (error) {
      // Errors of the host have a payload, and others are mistakes in this file.
      if (error.payload === undefined) throw error;
      throw reasonOfErrorCode(error.payload);
    }
  };
}

/** Here the host rejects a header that it sets itself, before there is a request. */
function fieldsOf(headers) {
  const encoder = new TextEncoder();
  const entries = Object.entries(headers).map(([name, value]) => [name, encoder.encode(value)]);
  try {
    return Fields.fromList(entries);
  } catch ({ payload }) {
    const names = Object.keys(headers).join(', ');
    throw { tag: 'denied', val: `the host rejected a header: ${payload.tag}, of ${names}` };
  }
}

function limits(milliseconds) {
  const options = new RequestOptions();
  if (Number.isFinite(milliseconds)) {
    const nanoseconds = BigInt(Math.ceil(milliseconds * 1e6));
    options.setConnectTimeout(nanoseconds);
    options.setFirstByteTimeout(nanoseconds);
    options.setBetweenBytesTimeout(nanoseconds);
  }
  return options;
}

function respond(request, options) {
  const future = handle(request, options);
  const ready = future.subscribe();
  ready.block();
  ready[dispose]();
  const { val: result } = future.get();
  future[dispose]();
  if (result.tag === 'err') throw { payload: result.val };
  return result.val;
}

/** Reads the response. A resource is dropped before the one that it comes from. */
function read(response) {
  const decoder = new TextDecoder();
  const fields = response.headers();
  const entries = fields.entries().map(([name, value]) => [name, decoder.decode(value)]);
  fields[dispose]();
  const body = response.consume();
  const stream = body.stream();
  let text = '';
  for (let chunk; (chunk = readChunk(stream)); ) text += decoder.decode(chunk, { stream: true });
  stream[dispose]();
  body[dispose]();
  const status = response.status();
  response[dispose]();
  return { status, headers: new Headers(entries), text: text + decoder.decode() };
}

function readChunk(stream) {
  try {
    return stream.blockingRead(CHUNK);
  } catch ({ payload }) {
    if (payload.tag === 'closed') return undefined;
    throw { payload: httpErrorCode(payload.val) ?? { tag: 'internal-error' } };
  }
}
