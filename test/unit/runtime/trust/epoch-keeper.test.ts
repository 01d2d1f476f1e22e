import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeId, toHex } from '#runtime/core/ids.ts';
import { SeededRandom } from '#runtime/core/random.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { agreementKeyFrom } from '#runtime/crypto/agreement-key.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import type { Keyring } from '#runtime/crypto/keyring.ts';
import { revocationMark } from '#runtime/trust/epoch.ts';
import { EpochBook, FOLLOW_MS, RELAY_MS } from '#runtime/trust/epoch-book.ts';
import { EpochKeeper } from '#runtime/trust/epoch-keeper.ts';
import { EPOCH_KEY, encodeNotice } from '#runtime/trust/epoch-records.ts';
import { testEpoch } from '../../../support/epochs.ts';
import { provider } from '../../../support/wire.ts';

const SETTINGS = { epochMs: 60_000, foundingMs: 1_000 };

/** Members who see one another's records at once; two of them may mint. */
class Village {
  readonly members: Member[] = [];
  readonly revoked = new Set<NodeId>();
  readonly minters: readonly string[];
  nowMs = 0;

  constructor(names: readonly string[], minters: readonly string[]) {
    this.minters = minters;
    for (const [i, name] of names.entries()) this.members.push(new Member(this, name.repeat(32), i + 1));
    for (const member of this.members) member.keeper.start(0);
  }

  member(name: string): Member {
    const found = this.members.find(({ id }) => id.startsWith(name));
    assert.ok(found);
    return found;
  }

  get standing(): Member[] {
    return this.members.filter(({ id }) => !this.revoked.has(id));
  }

  /** Time goes on in small steps; who is absent does nothing and hears nothing. */
  run(forMs: number, { absent = [] as readonly string[] } = {}): void {
    for (const end = this.nowMs + forMs; this.nowMs < end; this.nowMs += 50) {
      for (const member of this.members.filter(({ id }) => !absent.includes(id[0]))) {
        if (member.keeper.nextMs(this.nowMs) <= this.nowMs) member.keeper.onTimeout(this.nowMs);
        for (const owner of this.members)
          for (const key of owner.records.keys()) member.keeper.onRecord(owner.id, key, this.nowMs);
      }
    }
  }
}

class Member {
  readonly id: NodeId;
  readonly own;
  readonly identity;
  readonly records = new Map<string, AppValue>();
  readonly book: EpochBook;
  readonly keeper: EpochKeeper;
  keyring: Keyring | undefined;

  constructor(village: Village, id: NodeId, seed: number) {
    this.id = id;
    this.own = agreementKeyFrom(provider, new Uint8Array(32).fill(seed));
    this.book = new EpochBook({
      provider,
      cluster: 'test',
      onKeyring: (keyring) => (this.keyring = keyring),
    });
    this.identity = identityFromSeed(provider, new Uint8Array(32).fill(seed));
    const random = new SeededRandom(seed);
    const mayMint = (other: NodeId) => village.minters.some((name) => other.startsWith(name));
    this.keeper = new EpochKeeper({
      identity: { ...this.identity, id },
      cluster: 'test',
      own: this.own,
      provider,
      book: this.book,
      settings: SETTINGS,
      port: {
        keymasters: () => village.standing.map((member) => member.id).filter(mayMint),
        recipients: () =>
          village.standing
            .filter((member) => member.id !== id)
            .map((member) => ({ id: member.id, agreementKey: member.own.publicKey })),
        minter: (other) => {
          const member = village.members.find((each) => each.id === other);
          if (member === undefined || !mayMint(other)) return undefined;
          const { publicKey: signingKey } = member.identity;
          return { agreementKey: member.own.publicKey, signingKey, chain: new Uint8Array(3) };
        },
        read: (owner, key) => village.members.find((member) => member.id === owner)?.records.get(key),
        put: (key, value) => this.records.set(key, value),
        revocationMark: () => revocationMark(village.revoked.size, new Uint8Array(8)),
        revocationCount: () => village.revoked.size,
        standingOf: () => 'stands',
        random: (length) => random.bytes(length),
      },
    });
  }

  get writes(): string | undefined {
    return this.book.current === undefined
      ? undefined
      : `${this.book.current.number} ${toHex(this.book.current.id)}`;
  }
}

test('the first keymaster begins a cluster, and all follow', () => {
  const village = new Village(['a', 'b', 'c', 'd'], ['b', 'c']);
  village.run(SETTINGS.foundingMs + 500);
  assert.equal(new Set(village.members.map(({ writes }) => writes)).size, 1);
  assert.equal(village.member('a').book.current?.number, 1);
});

test('an epoch of age is followed by the next: everybody reads it before anybody writes under it', () => {
  const village = new Village(['a', 'b', 'c'], ['b']);
  village.run(1_500);
  const minted = village.member('b').book;
  while (minted.highest?.number === 1) village.run(50);
  village.run(100);
  for (const member of village.members) {
    assert.equal(member.book.current?.number, 1);
    assert.equal(member.keyring?.keys.length, 2);
  }
  village.run(FOLLOW_MS);
  for (const member of village.members) assert.equal(member.book.current?.number, 2);
});

test('whoever is revoked has no share of the next epoch, and the others read nothing older', () => {
  const village = new Village(['a', 'b', 'c', 'd'], ['b']);
  village.run(1_500);
  village.revoked.add(village.member('d').id);
  village.run(2 * RELAY_MS + 100);
  for (const member of village.standing) {
    assert.equal(member.book.current?.number, 2);
    assert.equal(member.keyring?.keys.length, 1);
  }
  assert.equal(village.member('d').book.current?.number, 1);
});

test('where the first keymaster is away, or revoked, the next one mints', () => {
  const village = new Village(['a', 'b', 'c'], ['a', 'b']);
  village.run(1_500);
  village.revoked.add(village.member('a').id);
  village.run(1_000, { absent: ['a'] });
  assert.equal(village.member('c').book.current?.number, 2);
  const later = new Village(['a', 'b', 'c'], ['a', 'b']);
  later.run(1_500);
  later.revoked.add(later.member('c').id);
  later.run(2_000, { absent: ['a'] });
  assert.equal(later.member('b').book.current?.number, 2);
});

test('halves that minted apart end in one epoch by a single grant and its records', () => {
  const village = new Village(['a', 'b', 'c', 'd'], ['a', 'b']);
  village.run(1_500);
  const [left, right] = [testEpoch(2, 7), testEpoch(2, 8)];
  for (const [name, epoch] of [
    ['a', left],
    ['c', left],
    ['b', right],
    ['d', right],
  ] as const)
    village.member(name).keeper.granted(epoch, village.nowMs);
  for (const member of village.members)
    for (const epoch of [left, right]) member.keeper.granted(epoch, village.nowMs);
  assert.equal(new Set(village.members.map(({ writes }) => writes)).size, 1);
});

test('only those with the right to mint are believed, and only a secret that fits its name', () => {
  const village = new Village(['a', 'b', 'c'], ['b']);
  village.run(1_500);
  const before = village.member('c').writes;
  village
    .member('a')
    .records.set(EPOCH_KEY, encodeNotice({ ...testEpoch(9), signature: new Uint8Array(64) }));
  const [notice] = [village.member('b').records.get(EPOCH_KEY)] as [AppValue[]];
  village.member('b').records.set(EPOCH_KEY, [50, notice[1], notice[2], notice[3]]);
  village.run(500);
  assert.equal(village.member('c').writes, before);
});
