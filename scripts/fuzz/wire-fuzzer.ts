import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { fromHex, toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { BodyBuilder, decodeBody } from '#runtime/wire/body.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import { generateVectors } from '../vectors/generate.ts';
import type { BodyVector, DatagramVector, InvalidCbor, RecordVector } from '../vectors/shape.ts';
import { readerDecode, twinDecode } from './cbor-twin.ts';
import { mutate } from './mutator.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Ends after so many executions, or so many milliseconds, whichever comes first. */
  readonly executions?: number;
  readonly durationMs?: number;
}

export interface FuzzReport {
  readonly executions: number;
  /** How often each outcome was seen: drop reasons, `opened`, `body`, `record`. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** The slowest single execution; tells of a hang, not of speed. */
  readonly slowestMs: number;
}

const SESSIONS_MAX = 64;

/**
 * Feeds mutated vectors to everything that reads bytes from outside: gate, CBOR decoder, body, record, opener (as a datagram, and
 * sealed by a member).
 * @throws Error that names seed, execution and input, where something threw or broke its promise.
 */
export function fuzzWire(options: FuzzOptions): FuzzReport {
  const random = new SeededRandom(options.seed);
  const target = new Target(random);
  const { datagrams, plain } = corpora();
  const startMs = performance.now();
  const endMs = startMs + (options.durationMs ?? Number.POSITIVE_INFINITY);
  let slowestMs = 0;
  let executions = 0;
  for (
    let nowMs = startMs;
    executions < (options.executions ?? Number.POSITIVE_INFINITY) && nowMs < endMs;
  ) {
    const isDatagram = executions % 4 === 0;
    const input = mutate(random, isDatagram ? datagrams : plain);
    try {
      if (isDatagram) target.receive(executions, input);
      else target.read(executions, input);
    } catch (error) {
      const where = `seed ${options.seed}, execution ${executions}, input ${toHex(input)}`;
      throw new Error(`fuzzing found a fault: ${where}`, { cause: error });
    }
    executions++;
    const afterMs = performance.now();
    slowestMs = Math.max(slowestMs, afterMs - nowMs);
    nowMs = afterMs;
  }
  return { executions, outcomes: target.outcomes, slowestMs };
}

class Target {
  readonly outcomes: Record<string, number> = {};
  readonly #opener: Opener;
  readonly #sealer: Sealer;

  constructor(random: SeededRandom) {
    const provider = createNodeProvider();
    const [first] = generateVectors()['datagrams.json'] as DatagramVector[];
    const { cluster } = first;
    const keyring = new Keyring(groupKeyOf(provider, fromHex(first.preSharedKey), cluster));
    const self = first.destination;
    this.#opener = new Opener({ provider, cluster, keyring, self, sessionsMax: SESSIONS_MAX });
    this.#sealer = new Sealer({ provider, cluster, keyring, random });
  }

  /** Bytes as they come from the network. */
  receive(nowMs: number, input: Uint8Array): void {
    const result = this.#opener.open(nowMs, input);
    this.#count('drop' in result ? result.drop : 'refusal' in result ? 'refusal' : 'opened');
    if (this.#opener.sessionCount > SESSIONS_MAX) throw new Error('more sessions than allowed');
  }

  /** Bytes as a member may have sealed them. */
  read(nowMs: number, input: Uint8Array): void {
    if (!isDeepStrictEqual(readerDecode(input), twinDecode(input)))
      throw new Error('decoder and twin disagree');
    const body = decodeBody(input);
    if (body !== undefined) {
      this.#count('body');
      const builder = new BodyBuilder(body.sender, body.boot, 8_192);
      for (const message of body.messages)
        if (!builder.tryAdd(message)) throw new Error('decoded, but not encodable');
    }
    const record = decodeRecord(input);
    if (record !== undefined) {
      this.#count('record');
      if (decodeRecord(encodeRecord(record)) === undefined) throw new Error('encoded, but not decodable');
    }
    if (input.length >= 1 && input.length <= 1_152) this.receive(nowMs, this.#sealer.sealToAny(input));
  }

  #count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }
}

/** The golden vectors, valid and invalid. */
function corpora(): { datagrams: Uint8Array[]; plain: Uint8Array[] } {
  const vectors = generateVectors();
  const datagrams = (vectors['datagrams.json'] as DatagramVector[]).map((each) => fromHex(each.datagram));
  const bodies = (vectors['bodies.json'] as BodyVector[]).map((each) => fromHex(each.body));
  const records = (vectors['records.json'] as RecordVector[]).map((each) => fromHex(each.record));
  const invalid = (vectors['cbor-invalid.json'] as InvalidCbor[]).map((each) => fromHex(each.bytes));
  return { datagrams, plain: [...bodies, ...bodies, ...records, ...invalid.slice(1)] };
}
