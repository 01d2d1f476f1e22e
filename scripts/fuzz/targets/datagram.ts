import { DROP_REASONS } from '#runtime/core/counters.ts';
import { BODY_BYTES_MAX } from '#runtime/core/limits.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import { Opener, type OpenResult } from '#runtime/wire/opener.ts';
import { decodeRefusal, encodeRefusal } from '#runtime/wire/refusal.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import { isTouch } from '#runtime/wire/touch.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { CLUSTER, hexOf, keyring, PEER, provider, SELF, sealerOf } from '../fixtures.ts';
import { joined } from '../mutator.ts';

/** How the bytes behind the first one reach the opener. */
const MODES = [
  'as they are',
  'to one',
  'to any',
  'of a known salt',
  'to another',
  'under another key',
] as const;

/** The whole way in: whatever isn't opened leaves no trace, and the next good datagram opens. */
export const datagram: FuzzTarget = {
  name: 'datagram',
  about: 'datagrams as they come, and sealed by members who say anything',
  shape: 'cbor',
  prefixBytes: 1,
  bytesMax: 1_400,
  weight: 15,
  reaches: [
    ...[
      'opened',
      'size',
      'version',
      'kind',
      'wrong-cluster',
      'unknown-key',
      'touch',
      'forged',
      'malformed',
      'replay',
    ],
    ...['own', 'session', 'refusal'],
  ],
  seeds: () => {
    const bodies = hexOf('bodies.json', 'body');
    const datagrams = hexOf('datagrams.json', 'datagram');
    return [
      ...MODES.flatMap((_, mode) =>
        bodies.slice(mode, mode + 6).map((body) => joined(Uint8Array.of(mode), body)),
      ),
      ...[...datagrams, ...hexOf('refusals.json', 'answered', 'refusal')].map((bytes) =>
        joined(Uint8Array.of(0), bytes),
      ),
      joined(Uint8Array.of(0), sealerOf(1).sealToAny(GOOD_BODY)),
      joined(Uint8Array.of(0), sealerOf(2).sealToAny(GOOD_BODY)),
      joined(Uint8Array.of(0), sealerOf(5).sealTo(SELF, GOOD_BODY)),
      joined(Uint8Array.of(3), GOOD_BODY),
    ];
  },
  prepare: () => run,
};

const GOOD_BODY = (() => {
  const builder = new BodyBuilder(PEER, 1);
  builder.tryAdd({ type: 'ping', seq: 7, destBoot: 0 });
  return builder.finish().slice();
})();
const FOREIGN = new Keyring(groupKeyOf(provider, new Uint8Array(32).fill(9), CLUSTER));

function run(input: Uint8Array): string {
  const opener = new Opener({ provider, cluster: CLUSTER, keyring, self: SELF, sessionsMax: 4 });
  const known = sealerOf(1);
  opener.ownSalt(sealerOf(2).salt);
  promise('session' in opener.open(0, known.sealToAny(GOOD_BODY), 1), 'a good datagram does not open');
  const bytes = bytesOf(MODES[(input[0] ?? 0) % MODES.length], input.subarray(1), known);
  const result = opener.open(1, bytes, 2);
  const outcome = check(result, bytes, opener);
  if (outcome === 'opened') {
    const again = opener.open(2, bytes, 2);
    promise('drop' in again && again.drop === 'replay', 'a datagram opens twice');
  } else if (outcome !== 'malformed' && outcome !== 'session')
    promise(
      opener.sessionCount === 1 && opener.sessionsOf(PEER).length === 1,
      'a refused datagram leaves a trace',
    );
  promise(opener.sessionCount <= 2, 'more sessions than senders');
  promise(
    'session' in opener.open(3, known.sealTo(SELF, GOOD_BODY), 1),
    'afterwards a good datagram does not open',
  );
  return outcome;
}

function check(result: OpenResult, bytes: Uint8Array, opener: Opener): string {
  if ('refusal' in result) return 'refusal';
  if ('drop' in result) {
    promise(DROP_REASONS.includes(result.drop), 'a reason that nobody knows');
    promise((result.drop === 'touch') === isTouch(bytes), 'a touch that is none');
    if (result.refusable !== undefined) {
      const options = { code: result.refusable, clusterTag: new Uint8Array(4), cluster: CLUSTER };
      const refusal = encodeRefusal(bytes, options);
      promise(
        refusal === undefined || refusal.length <= bytes.length,
        'a refusal longer than what it answers',
      );
    }
    return result.drop;
  }
  const { session, body } = result;
  promise(body.sender === session.id && body.boot === session.boot, 'a body of another session');
  promise(opener.sessionsOf(body.sender).length <= 2, 'more than two sessions of one id');
  promise(!session.proven, 'proven without a proof');
  return 'opened';
}

function bytesOf(mode: (typeof MODES)[number], rest: Uint8Array, known: Sealer): Uint8Array {
  if (mode === 'as they are') return rest;
  const body = rest.length === 0 ? Uint8Array.of(0x80) : rest.subarray(0, BODY_BYTES_MAX);
  switch (mode) {
    case 'to one':
      return sealerOf(3).sealTo(SELF, body);
    case 'to any':
      return sealerOf(3).sealToAny(body);
    case 'of a known salt':
      return known.sealTo(SELF, body);
    case 'to another':
      return sealerOf(3).sealTo(PEER, body);
    default:
      return new Sealer({
        provider,
        cluster: CLUSTER,
        keyring: FOREIGN,
        random: new SeededRandom(4),
      }).sealToAny(body);
  }
}

/** Refusals: not authenticated, so anything may stand there. */
export const refusal: FuzzTarget = {
  name: 'refusal',
  about: 'refusals, and answers by one',
  shape: 'bytes',
  bytesMax: 120,
  weight: 40,
  reaches: ['refusal', 'refused'],
  seeds: () => hexOf('refusals.json', 'answered', 'refusal'),
  prepare: () => (input) => {
    const decoded = decodeRefusal(input);
    if (decoded === undefined) return 'refused';
    const { code, cluster, clusterTag, nonce } = decoded;
    promise(cluster !== '' && !/\p{Cc}/u.test(cluster), 'a name that speaks to a terminal');
    const answered = new Uint8Array(input.length);
    answered.set(nonce, 8);
    const again = encodeRefusal(answered, { code, clusterTag, cluster });
    promise(
      again !== undefined && again.length === input.length && again.every((byte, i) => byte === input[i]),
      'two encodings of one refusal',
    );
    promise(
      encodeRefusal(answered.subarray(1), { code, clusterTag, cluster }) === undefined,
      'longer than what it answers',
    );
    return 'refusal';
  },
};
