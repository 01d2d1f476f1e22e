import { equalBytes } from '../core/bytes.ts';
import type { NodeId } from '../core/ids.ts';
import type { AppValue } from '../core/value.ts';
import { isLive } from '../data/stored-record.ts';
import {
  CERTIFICATE_KEY,
  decodeCertificateRecord,
  encodeCertificateRecord,
} from '../trust/certificate-record.ts';
import { ISSUED_PREFIX, issuedKey } from '../trust/law-record.ts';
import { type Registrar, renewalSeconds } from '../trust/registrar.ts';
import type { Trust } from '../trust/trust.ts';
import type { EngineContext } from './context.ts';

/** A registrar looks for certificates to renew when the next is due, and so often at least. */
const LOOK_EVERY_MS = 3_600_000;
/** Several that come together are looked at together. */
const LOOK_AFTER_MS = 1_000;
/** While some wait for their owners to come. */
const LOOK_SOON_MS = 60_000;
/** Successors that wait at the same time: they lie in the registrar's own records. */
const WAITING_MAX = 16;
/** Who doesn't fetch its successor for so long makes place for another. */
const WAITING_TTL_MS = 7 * 86_400_000;

/** Certificates that succeed one another [P-14.9]: a registrar issues them in time, each owner takes its own. */
export class Renewals {
  readonly #ctx: () => EngineContext;
  readonly #trust: Trust;
  readonly #registrar: Registrar;
  /** What somebody who knows said the time was, and when. */
  #told: { readonly seconds: number; readonly atMs: number } | undefined;

  constructor(parts: { ctx: () => EngineContext; trust: Trust; registrar: Registrar }) {
    this.#ctx = parts.ctx;
    this.#trust = parts.trust;
    this.#registrar = parts.registrar;
  }

  /** Somebody who knows says what time it is. Without it a registrar issues nothing. */
  tellTime(seconds: number, nowMs: number): void {
    if (this.#told === undefined) this.#ctx().timers.setEarlier('renew', nowMs);
    this.#told = { seconds: Math.floor(seconds), atMs: nowMs };
  }

  /** A certificate came that may be due before all others. */
  onCertificate(nowMs: number): void {
    const { timers, id } = this.#ctx();
    if (this.#told !== undefined && this.#trust.standing(id)?.issuer !== undefined)
      timers.setEarlier('renew', nowMs + LOOK_AFTER_MS);
  }

  /** A registrar's turn: issues what is due, and takes back what was fetched. */
  onTimer(nowMs: number): void {
    const { timers, id } = this.#ctx();
    const own = this.#trust.standing(id);
    if (own?.issuer === undefined || this.#told === undefined) return;
    const elapsed = Math.floor((nowMs - this.#told.atMs) / 1_000);
    const atSeconds = Math.max(this.#trust.law.floorSeconds, this.#told.seconds + elapsed);
    let waiting = this.#takeBackFetched(nowMs);
    let nextMs = nowMs + LOOK_EVERY_MS;
    for (const certificate of this.#byPresence()) {
      if (waiting >= WAITING_MAX) break;
      const before = this.#ctx().own.get(issuedKey(certificate.id));
      if (before !== undefined && isLive(before)) continue;
      const chain = this.#registrar.renew(certificate, own, atSeconds);
      if (chain === undefined) {
        const dueMs = nowMs + 1_000 * (renewalSeconds(certificate) - atSeconds);
        if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      this.#put(issuedKey(certificate.id), encodeCertificateRecord(chain), nowMs, WAITING_TTL_MS);
      waiting++;
    }
    timers.set('renew', waiting > 0 ? Math.min(nextMs, nowMs + LOOK_SOON_MS) : nextMs);
  }

  /**
   * A registrar issued something.
   * @returns whether it was a successor of this node's own certificate, and counts now.
   */
  onIssued(key: string, value: AppValue | undefined, nowMs: number): boolean {
    const { id, own } = this.#ctx();
    if (key !== issuedKey(id)) return false;
    const chain = decodeCertificateRecord(value);
    if (chain === undefined || !this.#trust.succeed(chain)) return false;
    // It comes before all others again: who meets this node from now on has to judge them by it.
    own.putFirst(CERTIFICATE_KEY, encodeCertificateRecord(chain), nowMs);
    this.#ctx().spreader.add(id, CERTIFICATE_KEY, { urgent: true, nowMs });
    this.#ctx().self.announce(nowMs);
    return true;
  }

  /** @returns how many still wait. */
  #takeBackFetched(nowMs: number): number {
    const { own, table, id } = this.#ctx();
    let waiting = 0;
    for (const record of [...(table.owner(id)?.values() ?? [])]) {
      const { key, value } = record;
      if (!key.startsWith(ISSUED_PREFIX) || !isLive(record)) continue;
      const node = key.slice(ISSUED_PREFIX.length);
      if (this.#isFetched(node, value)) own.deleteReserved(key, nowMs);
      else waiting++;
    }
    return waiting;
  }

  #isFetched(node: NodeId, value: AppValue): boolean {
    const issued = decodeCertificateRecord(value)?.[0];
    const shown = this.#trust.book.get(node)?.chain[0];
    return issued === undefined || shown === undefined || equalBytes(issued, shown);
  }

  #byPresence() {
    const { members } = this.#ctx();
    const present = (id: NodeId) => members.get(id)?.present === true;
    return [...this.#trust.book.values()].sort((a, b) => Number(present(b.id)) - Number(present(a.id)));
  }

  #put(key: string, value: AppValue, nowMs: number, ttlMs: number): void {
    this.#ctx().own.putReserved(key, value, nowMs, { ttlMs });
    this.#ctx().spreader.add(this.#ctx().id, key, { urgent: false, nowMs });
  }
}
