import type { NodeId } from '#runtime/core/ids.ts';
import { type Identity, identityFromSeed } from '#runtime/crypto/identity.ts';
import type { GuardRefusal, RecordGuard } from '#runtime/data/record-guard.ts';
import { provider } from './wire.ts';

/** An identity that is the same in every run. */
export function testIdentity(number: number): Identity {
  return identityFromSeed(provider, new Uint8Array(32).fill(number));
}

/** Knows some owners by their keys and checks what they signed; notes what it was asked. */
export class SigningGuard implements RecordGuard {
  readonly signs = true;
  readonly asked: string[] = [];
  readonly #self: Identity | undefined;
  readonly #known: ReadonlyMap<NodeId, Identity>;
  readonly #mayNot: (key: string) => boolean;
  readonly #exempt: (key: string) => boolean;

  constructor(options: {
    known: readonly Identity[];
    self?: Identity;
    mayNot?: (key: string) => boolean;
    exempt?: (key: string) => boolean;
  }) {
    this.#known = new Map(options.known.map((identity) => [identity.id, identity]));
    this.#self = options.self;
    this.#mayNot = options.mayNot ?? (() => false);
    this.#exempt = options.exempt ?? (() => false);
  }

  sign(key: string, body: Uint8Array): Uint8Array | undefined {
    return this.#exempt(key) ? undefined : this.#self?.sign(body);
  }

  refusal(
    owner: NodeId,
    record: { key: string; body: Uint8Array; signature: Uint8Array | undefined },
  ): GuardRefusal | undefined {
    this.asked.push(record.key);
    const identity = this.#known.get(owner);
    if (identity === undefined) return 'no-certificate';
    if (record.signature === undefined) return this.#exempt(record.key) ? undefined : 'unsigned';
    if (!provider.verify(identity.publicKey, record.body, record.signature)) return 'bad-signature';
    return this.#mayNot(record.key) ? 'not-allowed' : undefined;
  }
}
