/** Tried again so soon after the medium refused. */
const RETRY_MS = 5_000;

/** What waits until the medium holds it. */
export type WhenKept = (outcome: 'kept' | 'failed', nowMs: number) => void;

/**
 * Brings what a voter says onto its medium before others hear of it. One write at a time; what changes meanwhile goes together with the
 * next one.
 */
export class Ledger {
  readonly #content: () => Uint8Array;
  readonly #keep: (ticket: number, content: Uint8Array) => void;
  #revision = 0;
  #saved = 0;
  #saving: number | undefined;
  #waiting: { readonly revision: number; readonly then: WhenKept }[] = [];
  #isFailing = false;
  #retryMs = Number.POSITIVE_INFINITY;

  /** @param parts `content`: all there is to keep now. `keep`: has it kept; `kept` or `failed` is called with the ticket later. */
  constructor(parts: {
    readonly content: () => Uint8Array;
    readonly keep: (ticket: number, content: Uint8Array) => void;
  }) {
    this.#content = parts.content;
    this.#keep = parts.keep;
  }

  /** Whether the last write failed: what the medium holds is old. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** When to call `onDue`. */
  get nextDueMs(): number {
    return this.#retryMs;
  }

  /** Something changed. @param then is called once the medium holds it, or didn't take it. */
  write(then?: WhenKept): void {
    this.#revision++;
    if (then !== undefined) this.#waiting.push({ revision: this.#revision, then });
    this.#begin();
  }

  /** Calls back once the medium holds all that was written so far: at once, where it does. */
  whenKept(then: WhenKept, nowMs: number): void {
    if (this.#isFailing) then('failed', nowMs);
    else if (this.#saved === this.#revision) then('kept', nowMs);
    else this.#waiting.push({ revision: this.#revision, then });
  }

  kept(ticket: number, nowMs: number): void {
    if (ticket !== this.#saving) return;
    this.#saving = undefined;
    this.#saved = ticket;
    this.#isFailing = false;
    this.#retryMs = Number.POSITIVE_INFINITY;
    const due = this.#waiting.filter(({ revision }) => revision <= ticket);
    this.#waiting = this.#waiting.filter(({ revision }) => revision > ticket);
    for (const { then } of due) then('kept', nowMs);
    if (this.#revision > ticket) this.#begin();
  }

  /** The medium didn't take it: whoever waits is told, and it is tried again. */
  failed(ticket: number, nowMs: number): void {
    if (ticket !== this.#saving) return;
    this.#saving = undefined;
    this.#isFailing = true;
    this.#retryMs = nowMs + RETRY_MS;
    for (const { then } of this.#waiting.splice(0)) then('failed', nowMs);
  }

  onDue(nowMs: number): void {
    if (nowMs < this.#retryMs) return;
    this.#retryMs = Number.POSITIVE_INFINITY;
    this.#begin();
  }

  /** The revision is the ticket: what is written is all up to it. */
  #begin(): void {
    if (this.#saving !== undefined || this.#retryMs !== Number.POSITIVE_INFINITY) return;
    this.#saving = this.#revision;
    this.#keep(this.#revision, this.#content());
  }
}
