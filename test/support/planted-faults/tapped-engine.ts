import { endpointKey } from '#runtime/core/endpoint.ts';
import type { NodeId } from '#runtime/core/ids.ts';
import type { Output, Path } from '#runtime/core/outputs.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { EngineOptions, GossipEngine } from '#runtime/engine/contract.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Body, Message } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { Sealer } from '#runtime/wire/sealer.ts';
import { EngineWrapper } from './engine-wrapper.ts';

export interface Tap {
  /** What the engine gets in place of a message that came; undefined: nothing. */
  readonly inbound?: (message: Message) => Message | undefined;
  /** Whether a datagram with this message may leave. */
  readonly outbound?: (message: Message) => boolean;
}

/** An engine whose datagrams are opened, changed and sealed again on their way in, and looked into on their way out. */
export class TappedEngine extends EngineWrapper {
  readonly #options: EngineOptions;
  readonly #tap: Tap;
  readonly #opener: Opener;
  readonly #sealers = new Map<string, Sealer>();
  readonly #outward = new Map<NodeId, Opener>();
  #nowMs = 0;

  constructor(inner: GossipEngine, options: EngineOptions, tap: Tap) {
    super(inner);
    this.#options = options;
    this.#tap = tap;
    this.#opener = this.#openerFor(options.id);
  }

  override handleDatagram(nowMs: number, path: Path, bytes: Uint8Array): void {
    this.#nowMs = nowMs;
    const opened = this.#opener.open(nowMs, bytes);
    if (!('body' in opened)) return;
    const { body, sealedToAny } = opened;
    const builder = new BodyBuilder(body.sender, body.boot);
    for (const message of body.messages) {
      const changed = this.#tap.inbound === undefined ? message : this.#tap.inbound(message);
      if (changed !== undefined) builder.tryAdd(changed);
    }
    const sealer = this.#sealerOf(body);
    const again = sealedToAny ? sealer.sealToAny(builder.finish()) : sealer.sealTo(this.id, builder.finish());
    this.inner.handleDatagram(nowMs, path, again);
  }

  override pollOutput(): Output {
    for (;;) {
      const output = this.inner.pollOutput();
      if (output.type !== 'transmit' || this.#mayLeave(output)) return output;
    }
  }

  #mayLeave({ to, bytes }: Extract<Output, { type: 'transmit' }>): boolean {
    const { outbound } = this.#tap;
    if (outbound === undefined || to.kind === 'multicast') return true;
    const key = endpointKey(to.endpoint);
    const member = this.inner
      .members(this.#nowMs)
      .find(({ path }) => path !== null && endpointKey(path) === key);
    const reader = member?.id ?? this.id;
    const opener = this.#outward.get(reader) ?? this.#openerFor(reader);
    this.#outward.set(reader, opener);
    const opened = opener.open(this.#nowMs, bytes);
    return !('body' in opened) || opened.body.messages.every(outbound);
  }

  #openerFor(self: NodeId): Opener {
    const { provider, cluster } = this.#options;
    const keyring = this.#options.keyring!;
    return new Opener({ provider, cluster, keyring, self });
  }

  /** One salt a life of a sender, so that the engine sees one session for each. */
  #sealerOf({ sender, boot }: Body): Sealer {
    const name = `${sender} ${boot}`;
    const present = this.#sealers.get(name);
    if (present !== undefined) return present;
    const { provider, cluster } = this.#options;
    const keyring = this.#options.keyring!;
    const random = new SeededRandom(this.#sealers.size + 1, Number.parseInt(this.id.slice(0, 8), 16));
    const sealer = new Sealer({ provider, cluster, keyring, random });
    this.#sealers.set(name, sealer);
    return sealer;
  }
}
