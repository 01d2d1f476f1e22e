import type { NodeId } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Message } from '#runtime/wire/message.ts';
import { Opener, type OpenerOptions } from '#runtime/wire/opener.ts';
import type { RecordBody } from '#runtime/wire/record.ts';
import { Sealer, type SealerOptions } from '#runtime/wire/sealer.ts';

/** Stock material for tests of the wire. */
export const CLUSTER = 'home';
export const provider = createNodeProvider();
export const ANN: NodeId = 'aa'.repeat(16);
export const BEN: NodeId = 'be'.repeat(16);
export const CEM: NodeId = 'ce'.repeat(16);
export const keyring = keyringOf(1);

/** A keyring whose writing key is made of this byte; the others only read. */
export function keyringOf(byte: number, ...others: number[]): Keyring {
  const [writing, ...reading] = [byte, ...others].map((each) =>
    groupKeyOf(provider, new Uint8Array(32).fill(each), CLUSTER),
  );
  return new Keyring(writing, reading);
}

export function sealerOf(options: Partial<SealerOptions> & { seed?: number } = {}): Sealer {
  const { seed = 1, ...rest } = options;
  return new Sealer({ provider, cluster: CLUSTER, keyring, random: new SeededRandom(seed), ...rest });
}

export function openerOf(options: Partial<OpenerOptions> = {}): Opener {
  return new Opener({ provider, cluster: CLUSTER, keyring, self: BEN, ...options });
}

/** The bytes of a body with these messages. */
export function bodyOf(
  messages: readonly Message[],
  from: { sender?: NodeId; boot?: number } = {},
): Uint8Array {
  const builder = new BodyBuilder(from.sender ?? ANN, from.boot ?? 1);
  for (const message of messages) {
    if (!builder.tryAdd(message)) throw new Error(`test message ${message.type} does not fit`);
  }
  return builder.finish().slice();
}

export const PING: Message = { type: 'ping', seq: 7, destBoot: 0 };

export function recordOf(changes: Partial<RecordBody> = {}): RecordBody {
  return {
    version: makeVersion(1, 1),
    key: 'battery/soc',
    value: 57.25,
    deleted: false,
    priority: 'normal',
    quality: 'good',
    ...changes,
  };
}
