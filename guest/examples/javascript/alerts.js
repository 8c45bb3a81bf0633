// The alerts that NetBackup keeps. The state counts each alert once.

import { Client, RequestError } from './netbackup.js';

const PATH = '/manage/alerts';
const STATE_VERSION = 1;

export const manifest = {
  name: 'example',
  version: '0.1.0',
  collectors: [
    {
      name: 'alerts',
      summary: 'Alerts that NetBackup keeps.',
      enabledByDefault: true,
      cached: false,
      defaultIntervalSeconds: undefined,
      endpoints: [{ method: 'get', path: PATH }],
      permissions: ['|MANAGE|EMAIL-NOTIFICATIONS|'],
      options: [
        {
          name: 'pageSize',
          summary: 'Number of alerts to read in one request.',
          kind: { tag: 'integer', val: [1n, 100n] },
          default: '100',
        },
        {
          name: 'ignoredCategories',
          summary: 'Categories of alerts to leave out.',
          kind: { tag: 'text-list' },
          default: '[]',
        },
      ],
      families: [
        {
          name: 'nbu_alerts',
          kind: 'gauge',
          unit: undefined,
          help: 'Number of alerts that NetBackup keeps.',
          labels: ['severity', 'category'],
          experimental: false,
        },
        {
          name: 'nbu_alerts_seen_total',
          kind: 'counter',
          unit: undefined,
          help: 'Number of alerts seen since the first collection.',
          labels: ['severity'],
          experimental: true,
        },
      ],
      stateVersion: STATE_VERSION,
    },
  ],
  highlights: [
    {
      title: 'Alerts of severity ERROR',
      family: 'nbu_alerts',
      matching: [['severity', 'ERROR']],
      aggregate: 'sum',
      unit: undefined,
      warnAbove: 0,
    },
  ],
};

/** Checks what the declared options do not express. */
export function check(settings) {
  const selected = settings.collectors.filter((it) => optionsOf(it).ignoredCategories.includes(''));
  return selected.map(({ name }) => ({
    at: `collectors.${name}.ignoredCategories`,
    message: 'a category is empty',
    hint: 'remove the empty text',
  }));
}

export function probe(settings, lastApiVersion, host) {
  const client = new Client(settings, lastApiVersion, host);
  try {
    client.get(PATH, { 'page[limit]': 1 });
  } catch (error) {
    expectLacking(error, client);
  }
  return { apiVersion: client.version, serverTime: undefined };
}

export function collect(settings, window, state, host) {
  // The last tenth is for the report.
  const deadline = host.now() + Number(window.deadlineMilliseconds) * 0.9;
  const client = new Client(settings, window.lastApiVersion, host, deadline);
  const outcomes = settings.collectors.map((selection) => {
    const saved = state.find(({ collector }) => collector === selection.name);
    return outcomeOf(selection, saved, client, host);
  });
  return { apiVersion: client.version, outcomes };
}

/**
 * Throws, unless the release of the server does not have the list. With a wrong base path
 * nothing is found, not even `/ping`.
 */
function expectLacking(error, client) {
  const { endpoint, reason } = error.payload ?? {};
  const isNotFound = endpoint === PATH && reason.tag === 'status' && reason.val === 404;
  if (!isNotFound) throw error;
  client.detectVersion();
}

function outcomeOf(selection, saved, client, host) {
  const started = host.now();
  const sent = client.requests;
  const outcome = {
    collector: selection.name,
    families: [],
    failures: [],
    unsupported: [],
    state: undefined,
    skippedRows: 0,
  };
  try {
    Object.assign(outcome, readOrLack(optionsOf(selection), load(saved, host.log), client));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    outcome.failures = [error.payload];
  }
  outcome.requests = client.requests - sent;
  outcome.durationMilliseconds = BigInt(host.now() - started);
  return outcome;
}

function readOrLack(options, state, client) {
  try {
    return read(options, state, client);
  } catch (error) {
    expectLacking(error, client);
    return { unsupported: [PATH] };
  }
}

function read(options, { ids, seen }, client) {
  const { rows, skipped } = client.list(PATH, options.pageSize);
  const current = new Map();
  const kept = [];
  for (const [id, attributes] of rows) {
    const severity = label(attributes.severity);
    const category = label(attributes.category);
    if (options.ignoredCategories.includes(category)) continue;
    increase(current, JSON.stringify([severity, category]));
    if (!ids.has(id)) increase(seen, severity);
    kept.push(id);
  }
  const alerts = [...current].map(([key, value]) => ({ labelValues: JSON.parse(key), value }));
  const total = [...seen].map(([severity, value]) => ({ labelValues: [severity], value }));
  // Only the alerts of now, so that the state does not grow.
  const state = JSON.stringify({ ids: kept, seen: Object.fromEntries(seen) });
  return {
    families: [
      { name: 'nbu_alerts', samples: { tag: 'gauge', val: alerts } },
      { name: 'nbu_alerts_seen_total', samples: { tag: 'counter', val: total } },
    ],
    state: new TextEncoder().encode(state),
    skippedRows: skipped,
  };
}

function increase(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The value of a label. NetBackup may omit any attribute. */
function label(value) {
  return String(value || 'unknown');
}

function load(saved, log) {
  if (saved) {
    try {
      if (saved.version !== STATE_VERSION) throw new Error(`it has version ${saved.version}`);
      const { ids, seen } = JSON.parse(new TextDecoder().decode(saved.bytes));
      return { ids: new Set(ids), seen: new Map(Object.entries(seen)) };
    } catch (error) {
      const fields = [['problem', error.message]];
      log('warn', 'Saved state is unusable; counters restart from 0', fields);
    }
  }
  return { ids: new Set(), seen: new Map() };
}

/** The values by name, without their types, which the host has checked. */
function optionsOf(selection) {
  return Object.fromEntries(selection.options.map(([name, value]) => [name, value.val]));
}
