import type { NodeId } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import type { AgreementKey } from '../crypto/agreement-key.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { compareEpochs, EPOCH_SECRET_BYTES, type Epoch, epochOf } from './epoch.ts';
import type { EpochBook } from './epoch-book.ts';
import {
  decodeNotice,
  EPOCH_KEY,
  encodeNotice,
  encodeShares,
  recipientOf,
  SHARE_RECORDS_MAX,
  SHARES_PER_RECORD,
  SHARES_PREFIX,
  type Share,
  sharesFor,
} from './epoch-records.ts';
import { openShare, sealShare } from './epoch-share.ts';
import type { EpochStanding } from './epoch-standing.ts';
import { isSignedEpoch, signEpoch, warrantOf } from './epoch-warrant.ts';
import { Minter, type MintReason, type MintSettings } from './minter.ts';

/** Shares are of use only to those who can still read the old key. */
const SHARES_TTL_MS = 120_000;

/** What is known of somebody who may mint. */
export interface EpochMinterKeys {
  readonly agreementKey: Uint8Array;
  readonly signingKey: Uint8Array;
  /** Its certificate, and its registrar's, as one CBOR array. */
  readonly chain: Uint8Array;
}

/** What the keeper sees and does of the node around it. */
export interface EpochPort {
  /** Members that live, this node among them, and have the right to mint. */
  keymasters(): readonly NodeId[];
  /** Whom a new secret is for, those who live first: all whose certificates stand, but this node. */
  recipients(): readonly { readonly id: NodeId; readonly agreementKey: Uint8Array }[];
  /** The certified keys of a member that may mint, with its certificates as they travel; undefined where it may not. */
  minter(id: NodeId): EpochMinterKeys | undefined;
  /** The value of a record, where it is held and live. */
  read(owner: NodeId, key: string): AppValue | undefined;
  /** Puts a record of this node's own, and spreads it at once. */
  put(key: string, value: AppValue, options: { readonly ttlMs?: number }, nowMs: number): void;
  /** 12 bytes that stand for what this node knows to be revoked, and their count. */
  revocationMark(): Uint8Array;
  revocationCount(): number;
  /** What an epoch's warrant is worth by now. */
  standingOf(epoch: Epoch): EpochStanding;
  random(length: number): Uint8Array;
}

/** Lives by the cluster's epochs: takes those that minters announce, and mints where it is this node's turn. */
export class EpochKeeper {
  readonly #self: NodeId;
  readonly #cluster: string;
  readonly #identity: Identity;
  readonly #own: AgreementKey;
  readonly #provider: CryptoProvider;
  readonly #book: EpochBook;
  readonly #port: EpochPort;
  readonly #minter: Minter;
  #startedMs = 0;
  #adoptedMs = 0;

  constructor(parts: {
    identity: Identity;
    cluster: string;
    own: AgreementKey;
    provider: CryptoProvider;
    book: EpochBook;
    port: EpochPort;
    settings: MintSettings;
  }) {
    this.#self = parts.identity.id;
    this.#identity = parts.identity;
    this.#cluster = parts.cluster;
    this.#own = parts.own;
    this.#provider = parts.provider;
    this.#book = parts.book;
    this.#port = parts.port;
    this.#minter = new Minter(parts.settings);
  }

  start(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#adoptedMs = nowMs;
  }

  /** When to call `onTimeout`; it changes with every record, member and revocation, so ask again after each. */
  nextMs(nowMs: number): number {
    return Math.min(this.#book.nextMs, this.#due(nowMs)?.atMs ?? Number.POSITIVE_INFINITY);
  }

  /** Changes over, or mints, where it is time. */
  onTimeout(nowMs: number): void {
    this.#book.onTimeout(nowMs);
    const due = this.#due(nowMs);
    if (due !== undefined && due.atMs <= nowMs) this.#mint(due.reason, nowMs);
  }

  /** Takes an epoch whose secret came by admission: whoever gave it lives by it already. @returns whether it was news. */
  granted(epoch: Epoch, nowMs: number): boolean {
    return this.#adopt(epoch, nowMs, true);
  }

  /** A member put one of its epoch records. @returns whether it brought a new epoch. */
  onRecord(owner: NodeId, key: string, nowMs: number): boolean {
    const minter = this.#port.minter(owner);
    const notice = decodeNotice(this.#port.read(owner, EPOCH_KEY) ?? null);
    if (minter === undefined || notice === undefined || !this.#book.isNews(notice)) return false;
    const { signature } = notice;
    const signed = { epoch: notice, signature, signingKey: minter.signingKey };
    if (!isSignedEpoch(this.#provider, this.#cluster, signed)) return false;
    const warrant = warrantOf(signature, minter.chain);
    const keys =
      key === EPOCH_KEY ? Array.from({ length: SHARE_RECORDS_MAX }, (_, i) => `${SHARES_PREFIX}${i}`) : [key];
    for (const shareKey of keys) {
      const found = sharesFor(this.#self, this.#port.read(owner, shareKey) ?? null);
      if (found === undefined || compareEpochs(found.epoch, notice) !== 0) continue;
      for (const sealed of found.sealed) {
        const route = { epoch: notice, minter: owner, recipient: this.#self };
        const secret = openShare(this.#provider, sealed, {
          own: this.#own,
          theirKey: minter.agreementKey,
          route,
        });
        if (secret === undefined) continue;
        const epoch = epochOf(this.#provider, { ...notice, secret, warrant });
        // A minter that names another secret than it shares would split the cluster.
        if (compareEpochs(epoch, notice) === 0) return this.#adopt(epoch, nowMs, false);
      }
    }
    return false;
  }

  #adopt(epoch: Epoch, nowMs: number, atOnce: boolean): boolean {
    if (!this.#book.adopt(epoch, nowMs, { atOnce })) return false;
    this.#adoptedMs = nowMs;
    return true;
  }

  #due(nowMs: number): { readonly reason: MintReason; readonly atMs: number } | undefined {
    const { highest } = this.#book;
    return this.#minter.due(
      {
        self: this.#self,
        keymasters: this.#port.keymasters(),
        highest,
        sinceMs: highest === undefined ? this.#startedMs : this.#adoptedMs,
        hasNumber: this.#book.nextNumber !== undefined,
        standing: highest === undefined ? 'stands' : this.#port.standingOf(highest),
        revocations: this.#port.revocationCount(),
      },
      nowMs,
    );
  }

  #mint(reason: MintReason, nowMs: number): void {
    const chain = this.#port.minter(this.#self)?.chain;
    const number = this.#book.nextNumber;
    if (chain === undefined || number === undefined) return;
    const bare = epochOf(this.#provider, {
      number,
      secret: this.#port.random(EPOCH_SECRET_BYTES),
      revocations: this.#port.revocationMark(),
      warrant: new Uint8Array(0),
    });
    const signature = signEpoch(this.#identity, this.#cluster, bare);
    const epoch = { ...bare, warrant: warrantOf(signature, chain) };
    if (!this.#adopt(epoch, nowMs, reason === 'none')) return;
    this.#port.put(EPOCH_KEY, encodeNotice({ ...epoch, signature }), {}, nowMs);
    const shares = this.#sharesOf(epoch);
    for (let i = 0; i < SHARE_RECORDS_MAX && i * SHARES_PER_RECORD < shares.length; i++) {
      const part = shares.slice(i * SHARES_PER_RECORD, (i + 1) * SHARES_PER_RECORD);
      this.#port.put(`${SHARES_PREFIX}${i}`, encodeShares(epoch, part), { ttlMs: SHARES_TTL_MS }, nowMs);
    }
  }

  #sharesOf(epoch: Epoch): Share[] {
    const shares: Share[] = [];
    for (const { id, agreementKey } of this.#port
      .recipients()
      .slice(0, SHARE_RECORDS_MAX * SHARES_PER_RECORD)) {
      const route = { epoch, minter: this.#self, recipient: id };
      const sealed = sealShare(this.#provider, epoch.secret.reveal(), {
        own: this.#own,
        theirKey: agreementKey,
        route,
      });
      if (sealed !== undefined) shares.push({ recipient: recipientOf(id), sealed });
    }
    return shares;
  }
}
