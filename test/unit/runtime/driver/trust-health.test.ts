import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustView } from '#runtime/core/trust-view.ts';
import { deniedNotice, type TrustHealthFacts, trustHealth } from '#runtime/driver/trust-health.ts';
import { DENIAL_REASONS } from '#runtime/trust/admission/reasons.ts';
import { START } from '../../../support/pki.ts';

const DAY = 86_400;
const OWN = { standing: true, name: 'roof', groups: ['sensor'], expires: START + 90 * DAY } as const;
const VIEW: TrustView = {
  epoch: 3,
  next: null,
  certificates: 2,
  revocations: 0,
  policy: 0,
  roster: 2,
  floorSeconds: START,
  admission: {},
  own: OWN,
};

function found(view: Partial<TrustView> = {}, facts: Partial<TrustHealthFacts> = {}) {
  const whole = { view: { ...VIEW, ...view }, wallSeconds: START + DAY, name: 'roof', calls: [], ...facts };
  return [...trustHealth(whole)].map(([code, { severity, text }]) => ({ code, severity, text }));
}
const codes = (...args: Parameters<typeof found>) => found(...args).map(({ code }) => code);

test('a member whose certificate stands has nothing to report', () => {
  assert.deepEqual(found(), []);
});

test('a certificate that ends within 30 days is spoken of, and one that has ended is a failure', () => {
  const at = (wallSeconds: number) => codes({}, { wallSeconds });
  assert.deepEqual(at(OWN.expires - 30 * DAY), []);
  assert.deepEqual(at(OWN.expires - 30 * DAY + 1), ['certificate-ends-soon']);
  assert.deepEqual(at(OWN.expires - 1), ['certificate-ends-soon']);
  assert.deepEqual(at(OWN.expires), ['certificate-expired']);
});

test('where the wall clock is behind, the time floor counts', () => {
  const view = { floorSeconds: OWN.expires - 5 * DAY };
  const all = found(view, { wallSeconds: 0 });
  assert.deepEqual(
    all.map(({ code }) => code),
    ['certificate-ends-soon', 'clock-behind'],
  );
  assert.match(all[0]!.text, /in 5d\. Make a request .*gridvine ca issue/);
  assert.match(all[1]!.text, /It says 1970-01-01 00:00:00Z; .* at least 2026-03-27/);
});

test('one that nobody let in says whom it calls, and what its groups are', () => {
  const calls = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1', '10.0.0.4:1', '10.0.0.5:1', '10.0.0.6:1'];
  const [one] = found({ epoch: null }, { calls });
  assert.equal(one?.code, 'not-admitted');
  assert.match(one?.text ?? '', /It calls 10\.0\.0\.1:1, .*10\.0\.0\.5:1 and 1 more\..*groups are: sensor\./);
  assert.match(found({ epoch: null })[0]?.text ?? '', /hears by multicast/);
});

test('a certificate that does not stand is one failure in the words of whoever judged it', () => {
  const lapsed = (reason: string) =>
    found({ epoch: null, own: { standing: false, reason, text: 'so it is' } });
  for (const [reason, code] of [
    ['expired', 'certificate-expired'],
    ['revoked', 'certificate-revoked'],
    ['not-yet-valid', 'certificate-unfit'],
  ] as const) {
    const all = lapsed(reason);
    assert.deepEqual(
      all.map(({ code, severity }) => [code, severity]),
      [[code, 'failure']],
    );
    assert.match(all[0]?.text ?? '', /^so it is\./);
  }
});

test('a node that is called otherwise than its certificate is told', () => {
  const [one] = found({}, { name: 'barn' });
  assert.deepEqual([one?.code, one?.severity], ['certificate-name', 'info']);
});

test('each reason of a denial has a next step, and a hint is told from a proof', () => {
  for (const reason of DENIAL_REASONS) {
    const { text, title } = deniedNotice({ reason, address: '10.0.0.1', isProven: true });
    assert.match(title, new RegExp(reason));
    assert.match(text, /^So says 10\.0\.0\.1, a member of this cluster\. [A-Z].{20,}\.$/);
  }
  const hint = deniedNotice({ reason: 'revoked', address: '10.0.0.1', isProven: false });
  assert.equal(hint.severity, 'warning');
  assert.match(hint.text, /a hint only/);
});
