import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '#runtime/wire/session.ts';
import { type SaltEntry, SessionTable } from '#runtime/wire/session-table.ts';
import { ANN, keyring, keyringOf, provider } from '../../../support/wire.ts';

const sealKey = provider.sealKey(new Uint8Array(32), new Uint8Array(16));

function saltOf(number: number): Uint8Array {
  const salt = new Uint8Array(16);
  new DataView(salt.buffer).setUint32(4, number);
  return salt;
}

function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

function add(table: SessionTable, salt: number, id: string, groupKey = keyring.writing): SaltEntry {
  return table.add(saltOf(salt), 0, { groupKey, sealKey, session: new Session(id, 1, 0), source: undefined });
}

test('a salt is found by all of its 16 bytes, wherever they stand', () => {
  const table = new SessionTable(10);
  const entry = add(table, 1, ANN);
  assert.equal(table.find(Uint8Array.from([9, 9, ...saltOf(1)]), 2), entry);
  for (let i = 0; i < 16; i++) {
    const other = saltOf(1);
    other[i] ^= 0x40;
    assert.equal(table.find(other, 0), undefined);
  }
});

test('two salts that agree in the bits of the index do not pass for each other: the newer takes the place', () => {
  const table = new SessionTable(10);
  add(table, 1, idOf(1));
  const salt = saltOf(1);
  salt[15] = 1;
  const second = table.add(salt, 0, {
    groupKey: keyring.writing,
    sealKey,
    session: new Session(idOf(2), 1, 0),
    source: undefined,
  });
  assert.equal(table.find(saltOf(1), 0), undefined);
  assert.equal(table.find(salt, 0), second);
  assert.deepEqual(table.sessionsOf(idOf(1)), []);
  assert.equal(table.size, 1);
});

test('[P-3.7] an id has at most two salts: a third replaces the older', () => {
  const table = new SessionTable(10);
  const [, second, third] = [1, 2, 3].map((salt) => add(table, salt, ANN));
  assert.equal(table.find(saltOf(1), 0), undefined);
  assert.deepEqual(table.sessionsOf(ANN), [second.session, third.session]);
});

test('a proven session is not pushed out by replayed salts while the other is not proven', () => {
  const table = new SessionTable(10);
  const live = add(table, 1, ANN);
  live.session.noteEcho({ drawnMs: 1, nowMs: 2, place: undefined });
  for (let salt = 2; salt < 8; salt++) add(table, salt, ANN);
  assert.equal(table.find(saltOf(1), 0), live);
  assert.equal(table.size, 2);
});

test('when it is full the least recently used goes', () => {
  const table = new SessionTable(3);
  const entries = [1, 2, 3].map((salt) => add(table, salt, idOf(salt)));
  table.touch(entries[0]);
  table.touch(entries[0]);
  add(table, 4, idOf(4));
  assert.equal(table.find(saltOf(2), 0), undefined);
  table.touch(entries[2]);
  add(table, 5, idOf(5));
  assert.equal(table.find(saltOf(1), 0), undefined);
  assert.equal(table.find(saltOf(3), 0), entries[2]);
  assert.equal(table.size, 3);
});

test('sessions end with their key, or with their node', () => {
  const table = new SessionTable(10);
  const other = keyringOf(2);
  add(table, 1, idOf(1));
  add(table, 2, idOf(1), other.writing);
  add(table, 3, idOf(2));
  table.retain((key) => other.has(key));
  assert.equal(table.size, 1);
  assert.equal(table.sessionsOf(idOf(1)).length, 1);
  table.forget(idOf(1));
  assert.equal(table.size, 0);
  add(table, 4, idOf(4));
  assert.equal(table.size, 1);
});

test('two salts of an id under one key are rivals as long as both are known; under two keys they are not', () => {
  const table = new SessionTable(10);
  const [first, second] = [1, 2].map((salt) => add(table, salt, ANN).session);
  assert.deepEqual([first.rival, second.rival], [second, first]);
  add(table, 3, ANN);
  assert.equal(second.rival?.rival, second);
  table.forget(ANN);
  assert.equal(second.rival, undefined);
  const [old] = [add(table, 4, ANN).session];
  const other = add(table, 5, ANN, keyringOf(2).writing).session;
  assert.deepEqual([old.rival, other.rival], [undefined, undefined]);
});

test('[P-3.7] each transport of an id has two salts of its own, and those of one are no rivals of the other', () => {
  const table = new SessionTable(10);
  const on = (salt: number, transport: 'udp' | 'http') => {
    const session = new Session(ANN, 1, 0);
    session.transport = transport;
    return table.add(saltOf(salt), 0, { groupKey: keyring.writing, sealKey, session, source: undefined })
      .session;
  };
  const [first, http, second] = [on(1, 'udp'), on(2, 'http'), on(3, 'udp')];
  assert.deepEqual([first.rival, http.rival, second.rival], [second, undefined, first]);
  const third = on(4, 'udp');
  assert.deepEqual(table.sessionsOf(ANN), [http, second, third]);
  assert.deepEqual([second.rival, third.rival], [third, second]);
  const other = on(5, 'http');
  assert.deepEqual(table.sessionsOf(ANN), [http, second, third, other]);
  assert.equal(http.rival, other);
  http.noteEcho({ drawnMs: 1, nowMs: 2, place: undefined });
  assert.equal(table.isProven(ANN), true);
  table.forget(ANN);
  assert.equal(table.size, 0);
});
