// The exports of the component.

import { emit } from 'nbu:collector/log@0.2.0';
import { manifest, check, probe, collect } from './alerts.js';
import { checked } from './checked.js';
import { sender } from './http.js';

const host = (settings) => ({ send: sender(settings.baseUrl), log: emit, now: Date.now });

export const collector = {
  describe: () => manifest,
  check,
  probe: (settings, lastApiVersion) => probe(settings, lastApiVersion, host(settings)),
  collect: (settings, window, state) =>
    checked(collect(settings, window, state, host(settings)), manifest),
};
