import type { Endpoint } from '#runtime/core/endpoint.ts';
import { toHex } from '#runtime/core/ids.ts';
import { type RandomSource, SeededRandom } from '#runtime/core/random.ts';
import { type AgreementKey, agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { clusterTag } from '#runtime/crypto/cluster.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { Admission } from '#runtime/trust/admission/admission.ts';
import type { Judgement } from '#runtime/trust/admission/contract.ts';
import { FrameCodec, STEPS, type Step } from '#runtime/trust/admission/frame.ts';
import {
  encodeDenied,
  encodeDone,
  encodeGrant,
  encodeIntroduction,
} from '#runtime/trust/admission/payload.ts';
import type { DenialReason } from '#runtime/trust/admission/reasons.ts';
import { type Epoch, epochOf } from '#runtime/trust/epoch.ts';
import type {
  AdmissionDatagram,
  AdmissionDrop,
  AdmissionSide,
  AdmissionVector,
  AdmissionVectors,
} from './shape.ts';

const CLUSTER = 'Sonnenhof Süd';
const CREDENTIAL_BYTES = 120;
/** A signature, and what stands for a chain. */
const WARRANT_BYTES = 64 + CREDENTIAL_BYTES;

interface SideOptions {
  readonly byte: number;
  readonly number?: number;
  /** Why the other side doesn't admit it. */
  readonly flaw?: DenialReason;
}

/** A handshake of each kind, and datagrams that are refused at once. */
export function admissionVectors(): AdmissionVectors {
  return {
    handshakes: [
      play('the responder grants its epoch', { byte: 1 }, { byte: 2, number: 7 }),
      play('the initiator grants its epoch', { byte: 3, number: 8 }, { byte: 4, number: 7 }),
      play('both have the same epoch', { byte: 5, number: 7 }, { byte: 6, number: 7 }),
      play('the initiator is not admitted', { byte: 7, flaw: 'expired' }, { byte: 8, number: 7 }),
      play('the responder is not admitted', { byte: 9, number: 7 }, { byte: 10, flaw: 'revoked' }),
    ],
    drops: dropVectors(),
  };
}

/** One node of a vector, with all that it draws remembered. */
class Side {
  readonly options: SideOptions;
  readonly endpoint: Endpoint;
  readonly agreementKey: AgreementKey;
  readonly credential: Uint8Array;
  readonly epoch: Epoch | undefined;
  readonly machine: Admission;
  readonly #secrets: Uint8Array[] = [];

  constructor(options: SideOptions) {
    const { byte, number } = options;
    this.options = options;
    this.endpoint = { transport: 'udp', address: `10.0.0.${byte}`, port: 18_262 };
    this.agreementKey = agreementKeyFrom(nobleProvider, new Uint8Array(32).fill(byte));
    this.credential = Uint8Array.from({ length: CREDENTIAL_BYTES }, (_, i) => byte + i);
    this.epoch =
      number === undefined
        ? undefined
        : epochOf(nobleProvider, {
            number,
            secret: new Uint8Array(32).fill(0xa0 + number),
            revocations: Uint8Array.from({ length: 12 }, (_, i) => i),
            warrant: Uint8Array.from({ length: WARRANT_BYTES }, (_, i) => byte ^ i),
          });
    this.machine = new Admission({
      provider: nobleProvider,
      cluster: CLUSTER,
      agreementKey: this.agreementKey,
      credential: () => this.credential,
      judge,
      isWarranted: () => true,
      currentEpoch: () => this.epoch,
      random: this.#remembering(new SeededRandom(byte)),
    });
  }

  /** The secret of cookies is drawn first, the ephemeral key second. */
  get description(): AdmissionSide {
    const { epoch } = this;
    return {
      agreementSecret: toHex(this.agreementKey.secret.reveal()),
      ephemeralSecret: toHex(this.#secrets[1]),
      credential: toHex(this.credential),
      epoch:
        epoch === undefined
          ? null
          : {
              number: epoch.number,
              id: toHex(epoch.id),
              secret: toHex(epoch.secret.reveal()),
              revocations: toHex(epoch.revocations),
              warrant: toHex(epoch.warrant),
            },
    };
  }

  #remembering(random: SeededRandom): RandomSource {
    return {
      next: () => random.next(),
      uint32: () => random.uint32(),
      bytes: (length) => {
        const bytes = random.bytes(length);
        if (length === 32) this.#secrets.push(bytes);
        return bytes;
      },
    };
  }
}

/** The first byte of these credentials tells whose it is. */
const FLAWS = new Map<number, DenialReason>([
  [7, 'expired'],
  [10, 'revoked'],
]);

function judge(credential: Uint8Array, agreementKey: Uint8Array): Judgement {
  const reason = FLAWS.get(credential[0]);
  if (reason !== undefined) return { admitted: false, reason };
  return { admitted: true, id: toHex(credential.subarray(0, 16)), agreementKey };
}

function play(name: string, initiatorOptions: SideOptions, responderOptions: SideOptions): AdmissionVector {
  const initiator = new Side(initiatorOptions);
  const responder = new Side(responderOptions);
  const datagrams: AdmissionDatagram[] = [];
  let connection = '';
  initiator.machine.call(0, responder.endpoint);
  for (let speaking = initiator, hearing = responder; ; [speaking, hearing] = [hearing, speaking]) {
    let hasSpoken = false;
    for (let output = speaking.machine.pollOutput(); output; output = speaking.machine.pollOutput()) {
      if (output.type === 'event') continue;
      hasSpoken = true;
      const { bytes } = output;
      const step = STEPS[bytes[6] - 1];
      connection = toHex(bytes.subarray(8, 16));
      const from = speaking === initiator ? 'initiator' : 'responder';
      const payload = payloadOf(step, { speaking, hearing, isAfterGrant: hasGrant(datagrams) });
      datagrams.push({ from, step, datagram: toHex(bytes), payload });
      hearing.machine.receive(datagrams.length, bytes, speaking.endpoint);
    }
    if (!hasSpoken) break;
  }
  return {
    name,
    cluster: CLUSTER,
    connection,
    initiator: initiator.description,
    responder: responder.description,
    datagrams,
  };
}

function hasGrant(datagrams: readonly AdmissionDatagram[]): boolean {
  return datagrams.some(({ step }) => step === 'grant');
}

/** What a side must have sealed, from what it is and has. */
function payloadOf(
  step: Step,
  { speaking, hearing, isAfterGrant }: { speaking: Side; hearing: Side; isAfterGrant: boolean },
): string | null {
  const { credential, epoch } = speaking;
  const { flaw } = hearing.options;
  switch (step) {
    case 'response':
      return toHex(encodeIntroduction({ credential, epoch }, 'response'));
    case 'finish':
      return toHex(encodeIntroduction({ credential, epoch, ...(flaw && { denial: flaw }) }, 'finish'));
    case 'grant':
      return epoch === undefined ? null : toHex(encodeGrant(epoch));
    case 'denied':
      return toHex(encodeDenied(flaw ?? 'not-admitted'));
    case 'done':
      return toHex(encodeDone(isAfterGrant ? hearing.epoch : epoch));
    default:
      return null;
  }
}

function dropVectors(): AdmissionDrop[] {
  const codec = new FrameCodec(clusterTag(nobleProvider, CLUSTER));
  const connection = Uint8Array.from({ length: 8 }, (_, i) => i);
  const hello = codec.hello(connection, { cookie: new Uint8Array(16), ephemeral: new Uint8Array(32) });
  const response = codec.noise('response', connection, new Uint8Array(200));
  const cases: [string, string, Uint8Array][] = [
    ['shorter than any', 'size', hello.slice(0, 31)],
    ['longer than any', 'size', Uint8Array.from([...response, ...new Uint8Array(1_000)])],
    ['protocol version 2', 'version', hello.with(1, 0x25)],
    ['another cluster', 'wrong-cluster', hello.with(2, hello[2] ^ 1)],
    ['step 0', 'malformed', hello.with(6, 0)],
    ['step 8', 'malformed', response.with(6, 8)],
    ['a hello of 63 bytes', 'malformed', hello.slice(0, 63)],
    ['a hello of 65 bytes', 'malformed', Uint8Array.from([...hello, 0])],
    ['a hello with a nonce', 'malformed', hello.with(7, 1)],
    ['a retry as long as a hello', 'malformed', hello.with(6, 2)],
    ['a response without its keys', 'malformed', response.slice(0, 111)],
    ['a finish without its key', 'malformed', response.slice(0, 79).with(6, 4)],
  ];
  return cases.map(([name, drop, datagram]) => ({ name, cluster: CLUSTER, datagram: toHex(datagram), drop }));
}
