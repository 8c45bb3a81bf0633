// Tests without WebAssembly: `npm test`. A function takes the place of the network.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { manifest, check, probe, collect } from './alerts.js';
import { checked } from './checked.js';
import { Client, byCursor, reasonOfErrorCode } from './netbackup.js';

const alert = (id, severity) => ({ id, attributes: { severity, category: 'JOB' } });
const ALERTS = [alert('1', 'ERROR'), alert('2', 'INFO'), alert('3', 'ERROR')];

function settings(pageSize = 2n, ignoredCategories = []) {
  const options = [
    ['pageSize', { tag: 'integer', val: pageSize }],
    ['ignoredCategories', { tag: 'text-list', val: ignoredCategories }],
  ];
  return { baseUrl: 'https://nbu1:1556/netbackup', collectors: [{ name: 'alerts', options }] };
}

const window = { now: 1_750_000_000n, deadlineMilliseconds: 1000n, resumed: [] };

/** A host with a server that has these alerts. Its clock stands still. */
function server(alerts) {
  return {
    log: () => {},
    now: () => 1_750_000_000_000,
    send(pathAndQuery, headers) {
      const url = new URL(pathAndQuery, 'https://nbu1');
      if (url.pathname === '/ping') return response(200, '', { 'x-netbackup-api-version': '13.0' });
      assert.equal(headers.accept, 'application/vnd.netbackup+json;version=13.0');
      const limit = Number(url.searchParams.get('page[limit]'));
      const offset = Number(url.searchParams.get('page[offset]'));
      const meta = { pagination: { count: alerts.length } };
      return response(200, { data: alerts.slice(offset, offset + limit), meta });
    },
  };
}

function response(status, body, headers = {}) {
  return { status, text: JSON.stringify(body), headers: new Headers(headers) };
}

/** A host whose server sends this response to all requests but `/ping`. */
function answering(answer) {
  const host = server([]);
  const { send } = host;
  host.send = (path, headers) => (path === '/ping' ? send(path, headers) : answer);
  return host;
}

function collectOne(host, { state = [], site = settings() } = {}) {
  return collect(site, window, state, host).outcomes[0];
}

test('all pages are read', () => {
  const report = collect(settings(), window, [], server(ALERTS));
  const [outcome] = report.outcomes;
  assert.deepEqual(outcome.families[0].samples.val, [
    { labelValues: ['ERROR', 'JOB'], value: 2 },
    { labelValues: ['INFO', 'JOB'], value: 1 },
  ]);
  assert.equal(report.apiVersion, '13.0');
  assert.equal(outcome.requests, 3);
});

test('an alert is counted once', () => {
  const { state: bytes } = collectOne(server(ALERTS));
  const state = [{ collector: 'alerts', version: 1, bytes }];
  const outcome = collectOne(server([alert('4', 'ERROR'), ...ALERTS.slice(1)]), { state });
  assert.deepEqual(outcome.families[1].samples.val, [
    { labelValues: ['ERROR'], value: 3 },
    { labelValues: ['INFO'], value: 1 },
  ]);
});

test('an unusable state is logged and ignored', () => {
  const messages = [];
  const host = { ...server(ALERTS), log: (level, message) => messages.push(message) };
  const state = [{ collector: 'alerts', version: 1, bytes: new TextEncoder().encode('{') }];
  assert.equal(collectOne(host, { state }).families[1].samples.val[0].value, 2);
  assert.equal(messages.length, 1);
});

test('options are respected', () => {
  const site = settings(100n, ['JOB']);
  const outcome = collectOne(server(ALERTS), { site });
  assert.deepEqual(outcome.families[0].samples.val, []);
  assert.deepEqual(check(site), []);
  assert.equal(check(settings(100n, ['']))[0].at, 'collectors.alerts.ignoredCategories');
});

test('a row without an id is skipped', () => {
  assert.equal(collectOne(server([...ALERTS, {}])).skippedRows, 1);
});

test('each status has a reason', () => {
  const body = { errorCode: 8961, errorMessage: 'Invalid API request' };
  for (const [status, reason] of [
    [401, { tag: 'unauthorized' }],
    [500, { tag: 'status', val: 500 }],
    [503, { tag: 'busy', val: 60n }],
  ]) {
    const headers = { 'retry-after': '2025-06-15T15:07:40Z', 'x-request-id': 'abc' };
    const { failures, state } = collectOne(answering(response(status, body, headers)));
    const detail = '8961: Invalid API request';
    assert.deepEqual(failures, [{ endpoint: '/manage/alerts', reason, detail, requestId: 'abc' }]);
    assert.equal(state, undefined);
  }
});

test('a server without alerts is supported, and one without the list is told apart', () => {
  assert.deepEqual(collectOne(answering(response(200, {}))).failures, []);
  assert.deepEqual(collectOne(answering(response(404, {}))).unsupported, ['/manage/alerts']);
});

test('a server that finds nothing has a wrong base path', () => {
  const host = { ...server([]), send: () => response(404, {}) };
  const known = { ...window, lastApiVersion: '13.0' };
  const [{ failures, unsupported }] = collect(settings(), known, [], host).outcomes;
  assert.deepEqual([failures[0].endpoint, unsupported], ['/ping', []]);
});

test('the version is detected again after a 406', () => {
  assert.equal(collect(settings(), window, [], answering(response(406, {}))).apiVersion, undefined);
});

test('a list that lacks rows or does not end is a failure', () => {
  const reason = (body) => collectOne(answering(response(200, body))).failures[0].reason.tag;
  assert.equal(reason({ data: 'no list' }), 'malformed');
  assert.equal(reason([]), 'malformed');
  assert.equal(reason({ data: [], meta: { pagination: { count: 9 } } }), 'malformed');
  assert.equal(reason({ data: ALERTS, meta: { pagination: { count: 9 } } }), 'too-long');
});

test('a list with cursors is read to its end', () => {
  const host = server([]);
  const { send } = host;
  const next = { a: 'b', b: undefined, c: 'c' };
  host.send = (path, headers) => {
    if (path === '/ping') return send(path, headers);
    const cursor = new URL(path, 'https://nbu1').searchParams.get('page[after]') ?? 'a';
    const meta = { pagination: { next: next[cursor] } };
    return response(200, { data: [alert(cursor, 'ERROR')], meta });
  };
  const client = () => new Client(settings(), undefined, host);
  assert.deepEqual([...client().list('/admin/jobs', 1, byCursor).rows.keys()], ['a', 'b']);
  next.b = 'c';
  const isTooLong = ({ payload }) => payload.reason.tag === 'too-long';
  assert.throws(() => client().list('/admin/jobs', 1, byCursor), isTooLong);
});

test('a probe reports the version', () => {
  assert.equal(probe(settings(), undefined, server(ALERTS)).apiVersion, '13.0');
});

test('a probe succeeds without the list and fails without access', () => {
  const answer = (status) => probe(settings(), undefined, answering(response(status, {})));
  assert.equal(answer(404).apiVersion, '13.0');
  assert.throws(() => answer(401), ({ payload }) => payload.reason.tag === 'unauthorized');
});

test('a collection ends before the host ends it', () => {
  let now = 0;
  const host = { ...server(ALERTS), now: () => (now += 400) };
  assert.deepEqual(collectOne(host).failures[0].reason, { tag: 'timeout' });
});

test('a request may take the time that is left', () => {
  const limits = [];
  const host = server(ALERTS);
  const { send } = host;
  host.send = (path, headers, milliseconds) => {
    limits.push(milliseconds);
    return send(path, headers);
  };
  collectOne(host);
  assert.deepEqual(limits, [900, 900, 900]);
});

test('an error of wasi:http has a reason', () => {
  assert.deepEqual(reasonOfErrorCode({ tag: 'connection-timeout' }), { tag: 'timeout' });
  const code = { tag: 'internal-error', val: 'no file descriptor' };
  assert.deepEqual(reasonOfErrorCode(code), { tag: 'unreachable', val: 'no file descriptor' });
  const host = server(ALERTS);
  host.send = () => {
    throw { tag: 'timeout' };
  };
  const isTimeout = ({ payload }) => payload.endpoint === '/ping' && payload.reason.tag === 'timeout';
  assert.throws(() => probe(settings(), undefined, host), isTimeout);
});

test('a reported family is declared', () => {
  const declared = manifest.collectors[0].families.map((it) => [it.name, it.kind]);
  const reported = collectOne(server(ALERTS)).families.map((it) => [it.name, it.samples.tag]);
  assert.deepEqual(reported, declared);
});

test('a wrong type is named with its place', () => {
  const sound = collect(settings(), window, [], server(ALERTS));
  assert.equal(checked(sound, manifest), sound);
  for (const [change, message] of [
    [
      ({ families }) => (families[0].samples.val[0].value = 2n),
      'alerts: nbu_alerts: value: expected a number, found 2 (bigint)',
    ],
    [
      ({ families }) => families[0].samples.val[0].labelValues.pop(),
      'alerts: nbu_alerts: labelValues: expected 2 texts, found [ERROR] (object)',
    ],
    [
      ({ families }) => (families[0].name = 'nbu_alert'),
      'alerts: families: expected the name of a declared family, found nbu_alert (string)',
    ],
    [
      ({ families }) => (families[0].samples.tag = 'counter'),
      'alerts: nbu_alerts: expected samples with the tag `gauge`, found counter (string)',
    ],
    [
      (outcome) => (outcome.collector = 'alert'),
      'outcomes: expected the name of a declared collector, found alert (string)',
    ],
    [
      (outcome) => (outcome.state = '{}'),
      'alerts: state: expected a Uint8Array or undefined, found {} (string)',
    ],
    [
      (outcome) => (outcome.durationMilliseconds = 5),
      'alerts: durationMilliseconds: expected a bigint, found 5 (number)',
    ],
  ]) {
    const report = collect(settings(), window, [], server(ALERTS));
    change(report.outcomes[0]);
    assert.throws(() => checked(report, manifest), new TypeError(message));
  }
});
