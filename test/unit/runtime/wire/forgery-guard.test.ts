import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForgeryGuard, sourceOf } from '#runtime/wire/forgery-guard.ts';

const LIMITS = { perSecond: 100, burst: 50 };
const HERE = 1;
const THERE = 2;

/** Tries that are granted at one moment, each of which fails where `fails`. */
function granted(
  guard: ForgeryGuard,
  { atMs, source, tries, fails }: { atMs: number; source: number | undefined; tries: number; fails: boolean },
): number {
  let count = 0;
  for (let i = 0; i < tries; i++) {
    if (!guard.mayTry(atMs, source)) continue;
    count++;
    if (fails) guard.noteFailure(atMs, source);
  }
  return count;
}

test('all that nothing speaks for shares one budget, wherever it comes from', () => {
  const guard = new ForgeryGuard(LIMITS);
  let count = 0;
  for (let source = 0; source < 500; source++)
    count += granted(guard, { atMs: 0, source, tries: 1, fails: false });
  assert.equal(count, 50);
  assert.equal(granted(guard, { atMs: 100, source: undefined, tries: 20, fails: false }), 10);
});

test('a source of failures is left a fifth, and takes nothing from others', () => {
  const guard = new ForgeryGuard(LIMITS);
  // 16 to become known as one, then 10 at once.
  assert.equal(granted(guard, { atMs: 0, source: HERE, tries: 1_000, fails: true }), 16 + 10);
  assert.equal(granted(guard, { atMs: 1_000, source: HERE, tries: 1_000, fails: true }), 10);
  assert.equal(granted(guard, { atMs: 1_000, source: THERE, tries: 1_000, fails: false }), 50);
});

test('what opens is no failure', () => {
  const guard = new ForgeryGuard(LIMITS);
  assert.equal(granted(guard, { atMs: 0, source: HERE, tries: 1_000, fails: false }), 50);
});

test('ten seconds after its first failure a source is like others again', () => {
  const guard = new ForgeryGuard(LIMITS);
  granted(guard, { atMs: 0, source: HERE, tries: 16, fails: true });
  assert.equal(granted(guard, { atMs: 9_999, source: HERE, tries: 1_000, fails: false }), 10);
  assert.equal(granted(guard, { atMs: 10_000, source: HERE, tries: 1_000, fails: false }), 50);
});

test('who is not told apart by a source is never taken for a forger', () => {
  const guard = new ForgeryGuard(LIMITS);
  assert.equal(granted(guard, { atMs: 0, source: undefined, tries: 1_000, fails: true }), 50);
});

test('two ports of a host, and two hosts, are two sources', () => {
  const sources = new Set<number>();
  for (let host = 1; host <= 50; host++)
    for (let port = 7_946; port < 7_956; port++) sources.add(sourceOf(`192.168.7.${host}`, port) & 1_023);
  assert.ok(sources.size > 250, `${sources.size} slots of 500 sources`);
});
