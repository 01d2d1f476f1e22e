import type { Keyring } from '../crypto/keyring.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Outbox } from './outbox.ts';

/** A change of the keys that this node seals and opens with. */
export interface KeyChangeover {
  readonly keyring: Keyring;
  /** What has to be on the medium before the change counts: a node that forgot it could not come back after a restart. */
  readonly kept: Secret;
  /** The change counts now. */
  readonly done: (nowMs: number) => void;
}

/** Who seals or opens: told in this order, so openers come first. */
export interface KeyUser {
  useKeyring(keyring: Keyring): void;
}

/**
 * The one way by which the keys of a running node change: first kept by the driver, then taken by whoever seals and opens, then told.
 * Whoever decides on keys (operators' commands, epochs) asks here; one change at a time.
 */
export class KeySwitch {
  readonly #outbox: Outbox;
  readonly #users: readonly KeyUser[];
  #pending: (KeyChangeover & { readonly ticket: number }) | undefined;
  #ticket = 0;

  constructor(parts: { readonly outbox: Outbox; readonly users: readonly KeyUser[] }) {
    this.#outbox = parts.outbox;
    this.#users = parts.users;
  }

  /** Whether a change waits until it is kept. */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** A change that needs no keeping: whoever forgets it is given the key again by others. */
  takeNow(keyring: Keyring): void {
    for (const user of this.#users) user.useKeyring(keyring);
  }

  /** Begins a change; only while not busy. */
  request(change: KeyChangeover): void {
    this.#ticket++;
    this.#pending = { ...change, ticket: this.#ticket };
    this.#outbox.keepKeys(this.#ticket, change.kept);
  }

  /** The driver has kept it. Another ticket than the one that waits changes nothing. */
  kept(ticket: number, nowMs: number): void {
    const change = this.#pending;
    if (change === undefined || change.ticket !== ticket) return;
    this.#pending = undefined;
    this.takeNow(change.keyring);
    change.done(nowMs);
  }
}
