import { isDeepStrictEqual } from 'node:util';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { clusterTag } from '#runtime/crypto/cluster.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { Admission } from '#runtime/trust/admission/admission.ts';
import type { Judgement } from '#runtime/trust/admission/contract.ts';
import { FrameCodec, HELLO_BYTES } from '#runtime/trust/admission/frame.ts';
import {
  decodeDenied,
  decodeDone,
  decodeGrant,
  decodeIntroduction,
  encodeDenied,
  encodeDone,
  encodeGrant,
  encodeIntroduction,
} from '#runtime/trust/admission/payload.ts';
import { type Epoch, epochOf } from '#runtime/trust/epoch.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { CLUSTER, hexOf, provider, quickAgreement } from '../fixtures.ts';
import { joined } from '../mutator.ts';

const VECTOR_CLUSTER = 'Sonnenhof Süd';

/** Datagrams of the handshake, taken apart. */
export const admissionFrame: FuzzTarget = {
  name: 'admission-frame',
  about: 'datagrams of the admission handshake',
  shape: 'bytes',
  bytesMax: 1_300,
  weight: 50,
  reaches: [
    'size',
    'version',
    'wrong-cluster',
    'malformed',
    'hello',
    'retry',
    'response',
    'finish',
    'grant',
    'denied',
    'done',
  ],
  seeds: () => hexOf('admission.json', 'datagram'),
  prepare: () => {
    const codec = new FrameCodec(clusterTag(provider, VECTOR_CLUSTER));
    return (input) => {
      const frame = codec.decode(input);
      if ('fault' in frame) return frame.fault;
      const { connection } = frame;
      promise(connection.length === 8, 'a connection of another length');
      const again =
        frame.step === 'hello'
          ? codec.hello(connection, frame)
          : frame.step === 'retry'
            ? codec.retry(connection, frame.cookie)
            : 'message' in frame
              ? codec.noise(frame.step, connection, frame.message)
              : joined(codec.sealedHeader(frame.step, connection, frame), frame.sealed);
      promise(isDeepStrictEqual(again, new Uint8Array(input)), 'two encodings of one frame');
      return frame.step;
    };
  },
};

/** What is sealed within: said by whoever holds any key, admitted or not. */
export const admissionPayload: FuzzTarget = {
  name: 'admission-payload',
  about: 'introductions, grants, denials and endings of a handshake',
  shape: 'cbor',
  prefixBytes: 1,
  bytesMax: 1_400,
  weight: 30,
  reaches: ['nothing', 'response', 'finish', 'grant', 'denied', 'done'],
  seeds: () =>
    hexOf('admission.json', 'payload').flatMap((payload) =>
      [0, 1, 2, 3, 4].map((kind) => joined(Uint8Array.of(kind), payload)),
    ),
  prepare: () => (input) => {
    const bytes = input.subarray(1);
    switch ((input[0] ?? 0) % 5) {
      case 0:
      case 1: {
        const step = (input[0] ?? 0) % 5 === 0 ? 'response' : 'finish';
        const read = decodeIntroduction(bytes, step);
        if (read === undefined) return 'nothing';
        promise(
          read.credential.length >= 1 && read.credential.length <= 1_040,
          'a credential of another length',
        );
        promise(
          isDeepStrictEqual(decodeIntroduction(encodeIntroduction(read, step), step), read),
          'another on a second reading',
        );
        return step;
      }
      case 2: {
        const epoch = decodeGrant(provider, bytes);
        if (epoch === undefined) return 'nothing';
        const again = decodeGrant(provider, encodeGrant(epoch));
        promise(
          again !== undefined && isDeepStrictEqual(again.id, epoch.id) && again.number === epoch.number,
          'another epoch on a second reading',
        );
        return 'grant';
      }
      case 3: {
        const reason = decodeDenied(bytes);
        if (reason === undefined) return 'nothing';
        promise(decodeDenied(encodeDenied(reason)) === reason, 'another reason on a second reading');
        return 'denied';
      }
      default: {
        const done = decodeDone(bytes);
        if (done === undefined) return 'nothing';
        promise(
          isDeepStrictEqual(decodeDone(encodeDone(done.name)), done),
          'another name on a second reading',
        );
        return 'done';
      }
    }
  },
};

const ENDPOINTS: readonly Endpoint[] = [1, 2, 3].map((last) => ({
  transport: 'udp',
  address: `10.0.0.${last}`,
  port: 18_262,
}));

/** Two who shake hands, with somebody between them who bends, repeats and drops what they send. */
export const admission: FuzzTarget = {
  name: 'admission',
  about: 'both sides of the admission handshake, with datagrams bent, repeated and lost on their way',
  shape: 'bytes',
  bytesMax: 200,
  weight: 6,
  reaches: ['agreed', 'nothing yet', 'timed-out', 'granted'],
  seeds: () => [
    new Uint8Array(16),
    Uint8Array.of(1, ...new Uint8Array(12)),
    Uint8Array.of(2, 0, 0, 0, 3, 5, 0, 0, 0, 0, 0),
    Uint8Array.of(0, 1, 20, 7, 2, 0, 3, 0, 0, 0, 0, 0),
    Uint8Array.of(3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4),
    Uint8Array.of(0, 2, 2, 2, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4),
    Uint8Array.of(0, 0, 3, 3, 3, 3, 3, 5, 6, 0, 30, 255),
  ],
  prepare: () => {
    const quick = quickAgreement();
    return (input) => shake(quick, input);
  },
};

/** The first byte says who has an epoch; each further one what happens to the next datagram under way. */
function shake(quick: CryptoProvider, input: Uint8Array): string {
  const [first = 0, ...program] = input;
  const epochs = [1, 2].map((number) =>
    (first & number) === 0
      ? undefined
      : epochOf(quick, {
          number,
          secret: new Uint8Array(32).fill(number),
          revocations: new Uint8Array(12),
          warrant: new Uint8Array(100),
        }),
  );
  const sides = [0, 1].map((i) => new Side(quick, i, epochs[i]));
  let nowMs = 1_000;
  sides[0].admission.call(nowMs, ENDPOINTS[1]);
  let wire = sides[0].drain();
  const proven = new Set<string>();
  for (let at = 0; at < program.length; at++) {
    const operation = program[at] % 8;
    const next = wire.shift();
    if (next === undefined || operation === 4) {
      nowMs += 700 * (1 + (program[at] >> 5));
      for (const side of sides) side.admission.onTimeout(nowMs);
      wire.push(...(next === undefined ? [] : [next]), ...sides.flatMap((side) => side.drain()));
      wire = wire.slice(0, 32);
      continue;
    }
    const { bytes, to, from } = next;
    const bent = bytes.slice();
    let source = from;
    if (operation === 1) bent[(program[++at] ?? 0) % bent.length] ^= 1 + ((program[++at] ?? 0) % 255);
    if (operation === 3) wire.push({ ...next });
    if (operation === 5) source = ENDPOINTS[2];
    if (operation === 6) wire.push(wire.shift() ?? next);
    if (operation === 2) continue;
    const side = sides[ENDPOINTS.indexOf(to)];
    if (side === undefined) continue;
    const cut = operation === 7 ? bent.subarray(0, (program[++at] ?? 0) * 4) : bent;
    side.admission.receive(nowMs, cut, source);
    const answers = side.drain();
    const key = `${to.address} ${source.address}`;
    const answered = answers.filter((answer) => answer.to === source || answer.to.address === source.address);
    const total = answered.reduce((sum, answer) => sum + answer.bytes.length, 0);
    // Until a hello brought the cookie back the address may be made up.
    if (cut.length === HELLO_BYTES && total > HELLO_BYTES) proven.add(key);
    else if (!proven.has(key) && !sides.some((each) => each.called(source)))
      promise(total <= cut.length, 'more bytes to an unproven address than came from it');
    wire.push(...answers);
  }
  for (const side of sides) side.check();
  return sides[0].outcome;
}

interface Flight {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
}

class Side {
  readonly admission: Admission;
  outcome = 'nothing yet';
  readonly #endpoint: Endpoint;
  #epoch: Epoch | undefined;

  constructor(quick: CryptoProvider, index: number, epoch: Epoch | undefined) {
    const agreementKey = agreementKeyFrom(quick, new Uint8Array(32).fill(11 + index));
    this.#endpoint = ENDPOINTS[index];
    this.#epoch = epoch;
    this.admission = new Admission({
      provider: quick,
      cluster: CLUSTER,
      agreementKey,
      credential: () => joined(new Uint8Array(16).fill(index + 1), agreementKey.publicKey),
      judge: (credential): Judgement =>
        credential.length === 48
          ? { admitted: true, id: toHex(credential.subarray(0, 16)), agreementKey: credential.slice(16) }
          : { admitted: false, reason: 'malformed' },
      isWarranted: ({ number }) => number <= 2,
      currentEpoch: () => this.#epoch,
      random: new SeededRandom(index + 1),
    });
  }

  called(endpoint: Endpoint): boolean {
    return this.#endpoint === ENDPOINTS[0] && endpoint === ENDPOINTS[1];
  }

  drain(): Flight[] {
    const sent: Flight[] = [];
    for (
      let output = this.admission.pollOutput();
      output !== undefined;
      output = this.admission.pollOutput()
    ) {
      if (output.type === 'transmit') {
        promise(output.bytes.length <= 1_200, 'a datagram longer than any');
        sent.push({ bytes: output.bytes, from: this.#endpoint, to: output.to });
        continue;
      }
      const { event } = output;
      if (event.type === 'granted') {
        promise(
          this.#epoch === undefined || event.epoch.number >= this.#epoch.number,
          'an epoch below its own is taken',
        );
        this.#epoch = event.epoch;
      }
      if (event.type === 'ended') this.outcome = event.outcome;
    }
    return sent;
  }

  check(): void {
    const { calls, answers, sources } = this.admission.gauges;
    promise(calls <= 32 && answers <= 64 + 256 && sources <= 4_096, 'more handshakes than limits allow');
    promise(this.admission.pollOutput() === undefined, 'outputs after a drain');
  }
}
