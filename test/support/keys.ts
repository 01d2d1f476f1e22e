import type { Fingerprint, KeyOperation } from '#runtime/core/key-views.ts';
import { type NamedKey, nameKey } from '#runtime/crypto/fingerprint.ts';
import type { EnginePump, PumpNode } from './engine-pump.ts';
import { keyringOf, provider } from './wire.ts';

/** A pre-shared key made of one byte; the stock keyring's is that of 1. */
export function pskOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** The group key made of that, with its fingerprint. */
export function namedKeyOf(byte: number): NamedKey {
  return nameKey(provider, keyringOf(byte).writing);
}

export function fingerprintOfByte(byte: number): Fingerprint {
  return namedKeyOf(byte).fingerprint;
}

/** Gives a command to one node. */
export function operate(pump: EnginePump, node: PumpNode, operation: KeyOperation): Fingerprint {
  return pump.mutate(node, (engine, nowMs) => engine.operateKeys(nowMs, operation));
}

/** What a node itself reads with, the writing key first. */
export function readsOf(node: PumpNode): readonly Fingerprint[] {
  return node.engine.keys().members[0].reads;
}

/** Datagrams that these nodes dropped because they don't hold their key. */
export function unknownKeyDrops(nodes: readonly PumpNode[]): number {
  return nodes.reduce((sum, { engine }) => sum + engine.counters.drops['unknown-key'], 0);
}
