import assert from 'node:assert/strict';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import { endpointKey } from '#runtime/core/endpoint.ts';
import { toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { Admission } from '#runtime/trust/admission/admission.ts';
import type {
  AdmissionEvent,
  AdmissionOptions,
  CallOutcome,
  Judgement,
} from '#runtime/trust/admission/contract.ts';

import { STEPS, type Step } from '#runtime/trust/admission/frame.ts';
import { type DenialReason, reasonOfCode } from '#runtime/trust/admission/reasons.ts';
import { type Epoch, epochOf as makeEpoch } from '#runtime/trust/epoch.ts';

const nodeProvider = createNodeProvider();
const ID_BYTES = 16;
const KEY_BYTES = 32;
const CREDENTIAL_BYTES = 400;

/** An epoch whose secret is made of this byte. */
export function epochOf(number: number, byte = number): Epoch {
  const parts = { secret: new Uint8Array(32).fill(byte), revocations: new Uint8Array(12) };
  return makeEpoch(nodeProvider, { ...parts, number, warrant: new Uint8Array(464).fill(byte ^ 0xff) });
}

/** What stands for a certificate here: id, X25519 key, and the code of the reason to refuse it (0: none). */
export function judgeByCode(credential: Uint8Array): Judgement {
  if (credential.length <= ID_BYTES + KEY_BYTES) return { admitted: false, reason: 'truncated' };
  const code = credential[ID_BYTES + KEY_BYTES];
  if (code !== 0) return { admitted: false, reason: reasonOfCode(code) };
  return {
    admitted: true,
    id: toHex(credential.subarray(0, ID_BYTES)),
    agreementKey: credential.slice(ID_BYTES, ID_BYTES + KEY_BYTES),
  };
}

export function credentialOf(byte: number, publicKey: Uint8Array, code = 0): Uint8Array {
  const credential = new Uint8Array(CREDENTIAL_BYTES).fill(byte);
  credential.set(publicKey, ID_BYTES);
  credential[ID_BYTES + KEY_BYTES] = code;
  return credential;
}

/** A provider that counts what is expensive. */
export function countingProvider(): { readonly provider: CryptoProvider; readonly count: () => number } {
  let asymmetric = 0;
  const counted =
    <A extends unknown[], R>(run: (...args: A) => R) =>
    (...args: A): R => {
      asymmetric++;
      return run(...args);
    };
  const provider: CryptoProvider = {
    ...nodeProvider,
    publicKey: counted(nodeProvider.publicKey),
    sign: counted(nodeProvider.sign),
    verify: counted(nodeProvider.verify),
    agree: counted(nodeProvider.agree),
    agreementPublicKey: counted(nodeProvider.agreementPublicKey),
  };
  return { provider, count: () => asymmetric };
}

export interface HostOptions extends Partial<AdmissionOptions> {
  /** Made of this byte: its key, its id, its address. */
  readonly byte: number;
  readonly seed?: number;
  readonly epoch?: Epoch;
  /** The reason for which others refuse it. */
  readonly flaw?: number;
}

/** A node that takes the epochs it is granted, and remembers what happened. */
export class Host {
  readonly admission: Admission;
  readonly endpoint: Endpoint;
  readonly id: string;
  readonly events: AdmissionEvent[] = [];
  epoch: Epoch | undefined;

  constructor({ byte, seed = byte, epoch, flaw = 0, ...options }: HostOptions) {
    const agreementKey = agreementKeyFrom(nodeProvider, new Uint8Array(32).fill(byte));
    this.epoch = epoch;
    this.id = toHex(new Uint8Array(ID_BYTES).fill(byte));
    this.endpoint = { transport: 'udp', address: `10.0.${byte}.1`, port: 18_262 };
    const credential = credentialOf(byte, agreementKey.publicKey, flaw);
    this.admission = new Admission({
      provider: nodeProvider,
      cluster: 'home',
      agreementKey,
      credential: () => credential,
      judge: judgeByCode,
      isWarranted: () => true,
      currentEpoch: () => this.epoch,
      random: new SeededRandom(seed),
      ...options,
    });
  }

  /** Takes what the machine wants done: its datagrams are returned, its events remembered. */
  drain(): Sent[] {
    const sent: Sent[] = [];
    for (let output = this.admission.pollOutput(); output; output = this.admission.pollOutput()) {
      if (output.type === 'transmit') {
        sent.push({ from: this.endpoint, to: output.to, bytes: output.bytes });
        continue;
      }
      this.events.push(output.event);
      if (output.event.type === 'granted') this.epoch = output.event.epoch;
    }
    return sent;
  }

  get outcomes(): CallOutcome[] {
    return this.events.flatMap((event) => (event.type === 'ended' ? [event.outcome] : []));
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get reasons(): DenialReason[] {
    return this.events.flatMap((event) =>
      event.type === 'denied' || event.type === 'refused' ? [event.reason] : [],
    );
  }
}

export interface Sent {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

export function stepOf(bytes: Uint8Array): Step {
  return STEPS[bytes[6] - 1];
}

/** Hosts on a network that may lose, repeat and reorder, in virtual time. */
export class Wire {
  nowMs = 0;
  readonly hosts: ReadonlyMap<string, Host>;
  /** All that was sent, lost or not. */
  readonly log: Sent[] = [];
  readonly #fate: (sent: Sent, index: number) => readonly number[];
  readonly #flying: { readonly atMs: number; readonly sent: Sent }[] = [];

  /** @param fate delays in ms of the copies that arrive; none: it is lost. */
  constructor(hosts: readonly Host[], fate: (sent: Sent, index: number) => readonly number[] = () => [1]) {
    this.hosts = new Map(hosts.map((host) => [endpointKey(host.endpoint), host]));
    this.#fate = fate;
  }

  call(from: Host, to: Host, options: { readonly provokedByBytes?: number } = {}): string {
    const started = from.admission.call(this.nowMs, to.endpoint, options);
    this.#collect(from);
    return started;
  }

  /** Plays until nothing flies and no timer runs, or this time has come. */
  run(untilMs = 120_000): void {
    for (;;) {
      this.#flying.sort((a, b) => a.atMs - b.atMs);
      const nextMs = Math.min(
        this.#flying[0]?.atMs ?? Number.POSITIVE_INFINITY,
        ...[...this.hosts.values()].map((host) => host.admission.nextMs),
      );
      if (nextMs === Number.POSITIVE_INFINITY || nextMs > untilMs) return;
      this.nowMs = Math.max(this.nowMs, nextMs);
      const arriving = this.#flying[0]?.atMs <= this.nowMs ? this.#flying.shift() : undefined;
      if (arriving !== undefined) this.deliver(arriving.sent);
      for (const host of this.hosts.values()) {
        host.admission.onTimeout(this.nowMs);
        this.#collect(host);
      }
    }
  }

  deliver({ from, to, bytes }: Sent): void {
    const host = this.hosts.get(endpointKey(to));
    if (host === undefined) return;
    host.admission.receive(this.nowMs, bytes, from);
    this.#collect(host);
  }

  steps(): Step[] {
    return this.log.map(({ bytes }) => stepOf(bytes));
  }

  #collect(host: Host): void {
    for (const sent of host.drain()) {
      assert.ok(sent.bytes.length <= 1200);
      const delays = this.#fate(sent, this.log.length);
      this.log.push(sent);
      for (const delayMs of delays) this.#flying.push({ atMs: this.nowMs + delayMs, sent });
    }
  }
}
