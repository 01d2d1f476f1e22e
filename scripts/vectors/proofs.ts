import { toHex } from '#runtime/core/ids.ts';
import { agreementKeyOf } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { PairKeys } from '#runtime/trust/pair-keys.ts';
import { PairProofs, STATEMENT_CODES, type StatementKind } from '#runtime/trust/pair-proofs.ts';
import { ChainWalk, PresenceChain } from '#runtime/trust/presence-chain.ts';
import type { Message } from '#runtime/wire/message.ts';
import type { PresenceChainVector, ProofVector } from './shape.ts';

const CLUSTER = 'Sonnenhof Süd';
const { sha256 } = nobleProvider;

/** Two nodes by their seeds, and what each proves to the other [P-6.20, P-6.21]. */
export function proofVectors(): ProofVector[] {
  const values: Record<StatementKind, number> = {
    ping: 4,
    ack: 86_400_000,
    'ping-req': 4 * 2 ** 32 + 0x8a88_e3dd,
    nack: 0,
    gone: 5,
    challenge: 4,
    answer: 2 ** 53 - 1,
  };
  const kinds = Object.keys(STATEMENT_CODES) as StatementKind[];
  return kinds.map((kind, index) => {
    const [from, to] = index % 2 === 0 ? [1, 2] : [2, 1];
    const [sender, destination] = [from, to].map((byte) => {
      const seed = new Uint8Array(32).fill(byte);
      return {
        seed,
        id: identityFromSeed(nobleProvider, seed).id,
        agreement: agreementKeyOf(nobleProvider, seed),
      };
    });
    const keys = { own: sender.agreement, of: () => destination.agreement.publicKey };
    const pairs = new PairKeys({ provider: nobleProvider, self: sender.id, cluster: CLUSTER, keys });
    const about = {
      kind,
      sender: sender.id,
      senderBoot: 3,
      destination: destination.id,
      seq: 0x1234_5678 + index,
    };
    const value = values[kind];
    const mac = new PairProofs(pairs).prove({ ...about, value });
    return {
      ...about,
      code: STATEMENT_CODES[kind],
      cluster: CLUSTER,
      senderSeed: toHex(sender.seed),
      destinationSeed: toHex(destination.seed),
      pairKey: toHex(pairs.of(destination.id)?.secret.reveal() ?? new Uint8Array(0)),
      value,
      mac: toHex(mac ?? new Uint8Array(0)),
    };
  });
}

/** [P-6.25] */
export function presenceChainVectors(): PresenceChainVector[] {
  return [1, 10].map((length) => {
    const { id: owner } = identityFromSeed(nobleProvider, new Uint8Array(32).fill(1));
    const seed = new Uint8Array(16).fill(0xc5);
    const walk = new ChainWalk(sha256, owner, 3);
    const chain = new PresenceChain(walk, { startMs: 60_000, slotMs: 750, length, seed });
    const links = Array.from({ length }, (_, i) => toHex(chain.link(i + 1)));
    return { owner, boot: 3, startMs: 60_000, slotMs: 750, anchor: toHex(chain.anchor), links };
  });
}

const MAC = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** Messages with all that proofs add. */
export function provenMessages(requester: string): readonly Message[] {
  return [
    { type: 'ping', seq: 0x1234_5678, destBoot: 4, mac: MAC },
    { type: 'ping', seq: 1, destBoot: 4, mac: MAC, relay: { requester, boot: 3, seq: 2, mac: MAC } },
    { type: 'ack', seq: 1, uptimeMs: 86_400_000 },
    { type: 'ack', seq: 1, uptimeMs: 86_400_000, mac: MAC },
    { type: 'ack', seq: 1, uptimeMs: 86_400_000, mac: MAC, answer: { uptimeMs: 77_000, mac: MAC } },
    {
      type: 'ping-req',
      seq: 2,
      target: requester,
      targetBoot: 4,
      endpoint: { transport: 'udp', address: '192.168.1.20', port: 18_262 },
      mac: MAC,
      challenge: MAC,
    },
    { type: 'nack', seq: 3, mac: MAC },
    { type: 'gone', seq: 4, boot: 5, mac: MAC },
    {
      type: 'presence',
      uptimeMs: 86_400_000,
      nodeVersion: 3 * 2 ** 32 + 7,
      heard: 12,
      tableHash: Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4),
      nextMs: 2_000,
      link: Uint8Array.from({ length: 16 }, (_, i) => i),
    },
  ];
}
