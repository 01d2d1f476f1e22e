import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { sourcesSchema } from '#bridge/config.ts';

const words = fc.constantFrom(
  'kind',
  'name',
  'interval',
  'command',
  'metrics',
  'key',
  'min',
  'max',
  'env',
  '__proto__',
);
const values = fc.oneof(
  fc.constantFrom('system', 'plant', 'exec', 'tank', '5s', -1, Number.POSITIVE_INFINITY),
  fc.jsonValue(),
);
const nearlySources = fc.oneof(
  fc.jsonValue(),
  fc.array(fc.dictionary(words, fc.oneof(values, fc.array(fc.dictionary(words, values), { maxLength: 3 })))),
);

test('whatever stands in the configuration is accepted or explained, and what is accepted parses to itself', () => {
  fc.assert(
    fc.property(nearlySources, (input) => {
      const result = v.safeParse(sourcesSchema, input);
      if (result.success) {
        assert.deepEqual(v.parse(sourcesSchema, structuredClone(result.output)), result.output);
        return;
      }
      // Whoever prints an issue puts "expected" before its message; valibot's own wording would not fit.
      for (const issue of result.issues) assert.doesNotMatch(issue.message, /^Invalid/);
    }),
    { numRuns: 1000 },
  );
});
