// Types of a report. The bindings reject a wrong one too, but do not say where it is.

/** Returns the report. Throws an error that names the first value of a wrong type. */
export function checked(report, manifest) {
  for (const outcome of report.outcomes) {
    const { collector, state } = outcome;
    const declared = manifest.collectors.find(({ name }) => name === collector);
    expect('outcomes', 'the name of a declared collector', collector, declared);
    const at = (name) => `${collector}: ${name}`;
    const isState = state === undefined || state instanceof Uint8Array;
    expect(at('state'), 'a Uint8Array or undefined', state, isState);
    expectType(at('requests'), 'number', outcome.requests);
    expectType(at('skippedRows'), 'number', outcome.skippedRows);
    expectType(at('durationMilliseconds'), 'bigint', outcome.durationMilliseconds);
    for (const { name, samples } of outcome.families) {
      const family = declared.families.find((it) => it.name === name);
      expect(at('families'), 'the name of a declared family', name, family);
      expect(at(name), `samples with the tag \`${family.kind}\``, samples?.tag, samples?.tag === family.kind);
      if (family.kind !== 'histogram') checkPoints(at(name), family.labels, samples.val);
    }
  }
  return report;
}

function checkPoints(at, labels, points) {
  expect(`${at}: samples.val`, 'a list', points, Array.isArray(points));
  for (const { labelValues, value } of points) {
    expectType(`${at}: value`, 'number', value);
    const isTexts = Array.isArray(labelValues) && labelValues.every((it) => typeof it === 'string');
    const isMatch = isTexts && labelValues.length === labels.length;
    expect(`${at}: labelValues`, `${labels.length} texts`, labelValues, isMatch);
  }
}

function expectType(at, type, value) {
  expect(at, `a ${type}`, value, typeof value === type);
}

function expect(at, wanted, value, isRight) {
  if (isRight) return;
  const text = Array.isArray(value) ? `[${value.map(String)}]` : String(value);
  throw new TypeError(`${at}: expected ${wanted}, found ${text} (${typeof value})`);
}
