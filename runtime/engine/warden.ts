import type { Endpoint } from '../core/endpoint.ts';
import { GridvineError } from '../core/errors.ts';
import type { NodeId } from '../core/ids.ts';
import type { Path } from '../core/outputs.ts';
import type { RandomSource } from '../core/random.ts';
import type { CertifiedView, Proclaimed, TrustView } from '../core/trust-view.ts';
import type { AppValue } from '../core/value.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { isLive } from '../data/stored-record.ts';
import { encodeChain } from '../pki/chain.ts';
import { hasRight } from '../pki/policy.ts';
import { Admission } from '../trust/admission/admission.ts';
import type { AdmissionEvent } from '../trust/admission/contract.ts';
import { CERTIFICATE_KEY, encodeCertificateRecord } from '../trust/certificate-record.ts';
import { revocationCount } from '../trust/epoch.ts';
import { EpochBook } from '../trust/epoch-book.ts';
import { EpochKeeper, type EpochPort } from '../trust/epoch-keeper.ts';
import { EPOCH_KEY } from '../trust/epoch-records.ts';
import { EpochStandings } from '../trust/epoch-standing.ts';
import { judgeWarrant } from '../trust/epoch-warrant.ts';
import { ISSUED_PREFIX, LAW_PREFIX, lawKey } from '../trust/law-record.ts';
import { Registrar } from '../trust/registrar.ts';
import type { Trust, TrustState } from '../trust/trust.ts';
import { type EngineContext, replyEndpoint } from './context.ts';
import { Renewals } from './renewals.ts';
import { WardenCalls } from './warden-calls.ts';
import { admissionView, certifiedView } from './warden-views.ts';

const EPOCH_MS = 24 * 3_600_000;
const FOUNDING_MS = 3_000;
/** Records of the root's word that one node puts, at most. */
const LAW_RECORDS_MAX = 128;

export interface WardenParts {
  /** The machines around it, once they are made. */
  readonly ctx: () => EngineContext;
  readonly trust: Trust;
  readonly provider: CryptoProvider;
  readonly cluster: string;
  readonly random: RandomSource;
  /** This node was let in, or founded a cluster: it may speak. */
  readonly onAdmitted: (nowMs: number) => void;
  /** Whoever this is counts no more: nothing of it is kept. */
  readonly expel: (id: NodeId, nowMs: number) => void;
}

/**
 * Keeps the gate of a cluster of certificates: lets this node in and lets others in, follows and mints epochs, takes the root's word
 * and puts out whom it revokes.
 */
export class Warden {
  readonly #parts: WardenParts;
  readonly #epochs: EpochBook;
  readonly #standings: EpochStandings;
  readonly #keeper: EpochKeeper;
  readonly #admission: Admission;
  readonly #calls: WardenCalls;
  readonly renewals: Renewals;
  #dirty = true;
  #changed = false;
  /** Records under `sys/` that came: read when the mutation ends, and the table rests. */
  #news: { readonly owner: NodeId; readonly key: string }[] = [];

  constructor(parts: WardenParts) {
    this.#parts = parts;
    const { trust, provider, cluster, random } = parts;
    const { identity, agreementKey, epochMs = EPOCH_MS, foundingMs = FOUNDING_MS } = trust.options;
    this.#standings = new EpochStandings(provider, trust.law);
    this.#epochs = new EpochBook({
      provider,
      cluster,
      onKeyring: (keyring) => this.#onKeyring(keyring),
      isDisowned: (epoch) => this.#standings.of(epoch) === 'revoked',
    });
    this.#keeper = new EpochKeeper({
      identity,
      cluster,
      own: agreementKey,
      provider,
      book: this.#epochs,
      port: this.#port(),
      settings: { epochMs, foundingMs },
    });
    this.#admission = new Admission({
      provider,
      cluster,
      agreementKey,
      credential: () => trust.credential,
      judge: (credential) => {
        const learned = trust.learn(credential);
        if ('refusal' in learned) return { admitted: false, reason: learned.refusal.reason };
        const { id, agreementKey: key } = learned.value;
        return { admitted: true, id, agreementKey: key };
      },
      isWarranted: (epoch) => 'value' in judgeWarrant(provider, { law: trust.law, epoch }),
      currentEpoch: () => this.#epochs.highest,
      // Else whoever came a moment ago could let in a board that it hasn't heard of as stolen.
      mayGive: (epoch) =>
        trust.law.revocations.size >= revocationCount(epoch.revocations) &&
        this.#standings.of(epoch) !== 'revoked',
      random,
    });
    this.#calls = new WardenCalls(this.#admission, random);
    const draw = (length: number) => random.bytes(length);
    // What this node may write is known before it puts its first record.
    trust.judgeSelf();
    const registrar = new Registrar({ provider, identity, random: draw });
    this.renewals = new Renewals({ ctx: parts.ctx, trust, registrar });
  }

  get #ctx(): EngineContext {
    return this.#parts.ctx();
  }

  /** Whether this node has a key that others have too. */
  get isAdmitted(): boolean {
    return this.#epochs.current !== undefined;
  }

  /** What to keep over restarts. */
  get state(): TrustState {
    const { current, previous, highest } = this.#epochs;
    const epochs = [...new Set([highest, current, previous])].flatMap((epoch) => epoch ?? []);
    const { law, chain } = this.#parts.trust;
    return { law: law.state, epochs, chain };
  }

  get view(): TrustView {
    const { law, book } = this.#parts.trust;
    const { current, highest } = this.#epochs;
    const self = this.#parts.trust.judgeSelf();
    return {
      epoch: current?.number ?? null,
      next: highest !== current ? (highest?.number ?? null) : null,
      certificates: book.size,
      revocations: law.revocations.size,
      policy: law.policy.number,
      roster: law.roster?.version ?? 0,
      floorSeconds: law.floorSeconds,
      admission: admissionView(this.#admission.counters),
      own:
        'value' in self
          ? { standing: true, name: self.value.name, groups: self.value.groups, expires: self.value.expires }
          : { standing: false, reason: self.refusal.reason, text: self.refusal.text },
    };
  }

  get certified(): CertifiedView {
    return certifiedView(this.#parts.trust);
  }

  isRevoked(id: NodeId): boolean {
    return this.#parts.trust.law.isRevoked(id);
  }

  /** Whether the root's policy gives a node's certificate a vote on leases, and that stands. */
  mayVote(id: NodeId): boolean {
    const { trust } = this.#parts;
    const certificate = trust.standing(id);
    return certificate !== undefined && hasRight(trust.law.policy, certificate.groups, 'vote');
  }

  /** Whether the certificate of a node is known, and stands. */
  knows(id: NodeId): boolean {
    return this.#parts.trust.standing(id) !== undefined;
  }

  /** @throws GridvineError `E_NOT_ALLOWED` where the root's policy keeps this key from this node: nobody would take it. */
  checkOwn(key: string): void {
    const { trust } = this.#parts;
    if (trust.standing(this.#ctx.id) === undefined || trust.authority.mayWriteOwn(key)) return;
    const groups = trust.book.get(this.#ctx.id)?.groups ?? [];
    throw new GridvineError(
      'E_NOT_ALLOWED',
      `${key}: the root's policy keeps this key for other groups; this node's certificate names ${groups.length === 0 ? 'none' : groups.join(', ')}. See \`gridvine ca policy\`.`,
    );
  }

  /** The groups in a node's certificate. */
  groupsOf(id: NodeId): readonly string[] {
    return this.#parts.trust.standing(id)?.groups ?? [];
  }

  /** Whether a node's certificate lets it send such an event or query [P-18.8]. */
  maySend(sender: NodeId, key: string): boolean {
    return this.#parts.trust.authority.isEntitled(sender, key);
  }

  /** @throws GridvineError `E_KEYS`: always. */
  refuseOperation(): never {
    throw new GridvineError(
      'E_KEYS',
      'a cluster of certificates makes its keys itself, every day and at each revocation: there is none to install. To put a board out: `gridvine ca revoke`.',
    );
  }

  /** Takes up what was kept; when nothing was sent yet. */
  start(nowMs: number): void {
    const { trust } = this.#parts;
    this.#followRoster(nowMs);
    this.#keeper.start(nowMs);
    // Whose certificate is over, or was revoked, is let in by nobody: it had better ask than speak.
    if ('value' in trust.judgeSelf()) this.#epochs.restore(trust.options.saved?.epochs ?? [], nowMs);
    if (this.isAdmitted) this.#admit(nowMs);
  }

  addSeeds(seeds: readonly Endpoint[], nowMs: number): void {
    this.#calls.addSeeds(seeds, nowMs);
    this.#dirty = true;
  }

  /** A datagram of the admission handshake. */
  receive(path: Path, bytes: Uint8Array, nowMs: number): void {
    if (path.multicast) {
      this.#ctx.counters.drops.kind++;
      return;
    }
    this.#admission.receive(nowMs, bytes, replyEndpoint(path));
    this.#drain(nowMs);
  }

  /** A datagram of this cluster under an unknown key, or of somebody whose certificate isn't known. */
  onStranger(path: Path, bytes: number, nowMs: number): void {
    this.#calls.onStranger(replyEndpoint(path), bytes, nowMs);
    this.#drain(nowMs);
  }

  onTimer(nowMs: number): void {
    this.#calls.onTimeout(nowMs);
    this.#admission.onTimeout(nowMs);
    this.#drain(nowMs);
    this.#follow(nowMs, () => this.#keeper.onTimeout(nowMs));
  }

  /** A record under `sys/` came. */
  noteRecord(owner: NodeId, key: string): void {
    this.#news.push({ owner, key });
  }

  /** Who lives has changed: it may be this node's turn to mint. */
  onMembers(): void {
    this.#dirty = true;
  }

  /**
   * An operator brought something that the root signed: it is told to all.
   * @returns whether it was news here. @throws GridvineError `E_CERTIFICATE` with what is wrong with it.
   */
  proclaim(bytes: Uint8Array, nowMs: number): Proclaimed {
    const taken = this.#take(bytes, nowMs);
    if ('refusal' in taken) throw new GridvineError('E_CERTIFICATE', taken.refusal.text);
    const { kind, isNew, name } = taken.value;
    this.#publish(bytes, name, nowMs);
    return { kind, isNew };
  }

  /** Before anything else in a mutation: the first record of each life is the certificate, by which all others are judged. */
  introduce(nowMs: number): void {
    if (this.#ctx.own.get(CERTIFICATE_KEY) !== undefined) return;
    this.#put(CERTIFICATE_KEY, encodeCertificateRecord(this.#parts.trust.chain), {}, nowMs);
  }

  /** At the end of a mutation: reads what came, sets the timer anew where something changed, and says what is to be kept. */
  settle(nowMs: number): void {
    for (let news = this.#news; news.length > 0; news = this.#news) {
      this.#news = [];
      for (const { owner, key } of news) this.#read(owner, key, nowMs);
    }
    if (this.#changed) {
      this.#changed = false;
      this.#ctx.outbox.event({ type: 'trust-changed' });
    }
    if (!this.#dirty) return;
    this.#dirty = false;
    const atMs = Math.min(this.#admission.nextMs, this.#keeper.nextMs(nowMs), this.#calls.nextMs);
    if (atMs === Number.POSITIVE_INFINITY) this.#ctx.timers.clear('trust');
    else this.#ctx.timers.set('trust', Math.max(atMs, nowMs));
  }

  #drain(nowMs: number): void {
    this.#dirty = true;
    for (
      let output = this.#admission.pollOutput();
      output !== undefined;
      output = this.#admission.pollOutput()
    )
      if (output.type === 'transmit') this.#ctx.outbox.sendPlain(output.to, output.bytes);
      else this.#onAdmission(output.event, nowMs);
  }

  #onAdmission(event: AdmissionEvent, nowMs: number): void {
    switch (event.type) {
      case 'granted':
        this.#follow(nowMs, () => this.#keeper.granted(event.epoch, nowMs));
        return;
      case 'ended':
        if (event.outcome !== 'agreed' && event.outcome !== 'granted' && event.outcome !== 'gave') return;
        if (!this.isAdmitted) return;
        this.#calls.noteAgreed();
        // Both know each other's certificate now, and have one key: each proves to the other that it lives.
        this.#ctx.joiner.joinAt(event.endpoint, nowMs);
        return;
      case 'admitted':
        if (event.epoch === undefined && !this.isAdmitted) this.#calls.noteWaiting(event.endpoint);
        return;
      case 'denied':
        this.#ctx.outbox.event({
          type: 'denied',
          reason: event.reason,
          address: event.endpoint.address,
          isProven: event.by !== undefined,
        });
        this.#calls.noteRefused(event.endpoint, nowMs);
        return;
      case 'refused':
        this.#ctx.counters.drops['not-admitted']++;
        this.#calls.noteRefused(event.endpoint, nowMs);
        return;
      default:
        return;
    }
  }

  /** Does something that may bring a new epoch, and what follows from it. */
  #follow(nowMs: number, change: () => void): void {
    this.#dirty = true;
    const wasAdmitted = this.isAdmitted;
    change();
    if (!wasAdmitted && this.isAdmitted) this.#admit(nowMs);
  }

  #admit(nowMs: number): void {
    this.#parts.onAdmitted(nowMs);
    this.#ctx.joiner.addSeeds(this.#calls.seeds, nowMs);
    this.#calls.callWaiting(nowMs);
  }

  #onKeyring(keyring: Keyring): void {
    this.#dirty = true;
    this.#changed = true;
    this.#ctx.keySwitch.takeNow(keyring);
  }

  #read(owner: NodeId, key: string, nowMs: number): void {
    if (key === EPOCH_KEY || key.startsWith(`${EPOCH_KEY}/`))
      this.#follow(nowMs, () => this.#keeper.onRecord(owner, key, nowMs));
    else if (key === CERTIFICATE_KEY) this.renewals.onCertificate(nowMs);
    else if (key.startsWith(ISSUED_PREFIX)) {
      if (this.renewals.onIssued(key, this.#valueOf(owner, key), nowMs)) this.#changed = true;
    } else if (key.startsWith(LAW_PREFIX)) {
      const value = this.#valueOf(owner, key);
      if (value instanceof Uint8Array) this.#take(value, nowMs);
      else if (value !== undefined) this.#ctx.counters.drops.malformed++;
    }
  }

  #take(bytes: Uint8Array, nowMs: number): ReturnType<Trust['law']['take']> {
    const { trust } = this.#parts;
    const taken = trust.law.take(bytes);
    if ('refusal' in taken || !taken.value.isNew) return taken;
    this.#changed = true;
    this.#dirty = true;
    if (taken.value.kind === 'roster') this.#followRoster(nowMs);
    if (taken.value.kind === 'policy')
      this.#ctx.secondLook.onLaw((owner, key) => trust.authority.mayWrite(owner, key), nowMs);
    for (const id of trust.book.review()) {
      if (id === this.#ctx.id) this.#ctx.outbox.event({ type: 'own-certificate-lapsed' });
      else this.#parts.expel(id, nowMs);
    }
    return taken;
  }

  #followRoster(nowMs: number): void {
    const { roster } = this.#parts.trust.law;
    if (roster !== undefined) this.#ctx.leases.setRoster(roster, nowMs);
  }

  #publish(bytes: Uint8Array, name: string, nowMs: number): void {
    const key = lawKey(name);
    if (this.#ctx.own.get(key) !== undefined) return;
    const records = this.#ctx.table.owner(this.#ctx.id);
    let count = 0;
    for (const record of records?.values() ?? []) if (record.key.startsWith(LAW_PREFIX)) count++;
    if (count < LAW_RECORDS_MAX) this.#put(key, bytes, {}, nowMs);
  }

  #put(
    key: string,
    value: Parameters<EpochPort['put']>[1],
    options: { readonly ttlMs?: number },
    nowMs: number,
  ): void {
    this.#ctx.own.putReserved(key, value, nowMs, options);
    this.#ctx.spreader.add(this.#ctx.id, key, { urgent: true, nowMs });
  }

  #valueOf(owner: NodeId, key: string): AppValue | undefined {
    const record = this.#ctx.table.owner(owner)?.get(key);
    return record === undefined || !isLive(record) ? undefined : record.value;
  }

  #port(): EpochPort {
    const { trust, random } = this.#parts;
    const { law, book } = trust;
    const minterOf = (id: NodeId) => {
      const certificate = trust.standing(id);
      return certificate !== undefined && hasRight(law.policy, certificate.groups, 'mint')
        ? certificate
        : undefined;
    };
    return {
      keymasters: () => {
        const live = this.#ctx.members.present().map(({ id }) => id);
        return [this.#ctx.id, ...live].filter((id) => minterOf(id) !== undefined);
      },
      recipients: () => {
        const standing = [...book.values()].filter(({ id }) => id !== this.#ctx.id && trust.standing(id));
        const lives = (id: NodeId) => this.#ctx.members.get(id)?.present === true;
        return standing.sort((a, b) => Number(lives(b.id)) - Number(lives(a.id)));
      },
      minter: (id) => {
        const certificate = minterOf(id);
        return certificate && { ...certificate, chain: encodeChain(certificate.chain) };
      },
      read: (owner, key) => this.#valueOf(owner, key),
      put: (key, value, options, nowMs) => {
        this.#put(key, value, options, nowMs);
        // The root's word stays with whoever minted last: those who brought it may be gone by now.
        if (key === EPOCH_KEY) this.#publishLaw(nowMs);
      },
      revocationMark: () => law.revocationMark,
      revocationCount: () => law.revocations.size,
      standingOf: (epoch) => this.#standings.of(epoch),
      random: (length) => random.bytes(length),
    };
  }

  #publishLaw(nowMs: number): void {
    const { law } = this.#parts.trust;
    for (const { bytes, name } of law.named) this.#publish(bytes, name, nowMs);
  }
}
