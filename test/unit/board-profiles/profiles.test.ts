import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinCatalog, createCatalog } from '#profiles/catalog.ts';
import { BUILTIN_PROFILES } from '#profiles/data/builtin.ts';
import { matchProfile } from '#profiles/match.ts';
import { checkPattern } from '#profiles/pattern.ts';
import type { ProfileSource } from '#profiles/schema.ts';
import { checkProfile } from '#profiles/validate.ts';
import { debianBoards, KNOWN_BOARDS } from '../../support/boards/boards.ts';

for (const source of BUILTIN_PROFILES) {
  test(`the built-in profile ${source.id} obeys the schema, and its patterns are safe`, () => {
    const check = checkProfile(source);
    assert.deepEqual(check.ok ? [] : check.problems, []);
    const patterns = [
      ...(source.interfaces ?? []).flatMap((rule) => rule.name ?? []),
      ...[source.match?.model ?? []].flat(),
      ...(source.match?.dmi ?? []).flatMap((entry) => Object.values(entry)),
    ];
    assert.deepEqual(
      patterns.map(checkPattern),
      patterns.map(() => null),
    );
  });
}

test('every built-in profile resolves to the common base and has every setting', () => {
  const { profiles } = builtinCatalog();
  assert.equal(profiles.length, BUILTIN_PROFILES.length);
  for (const profile of profiles) {
    assert.equal(profile.lineage.at(-1), 'linux-common', profile.id);
    for (const rule of profile.interfaces) {
      for (const [key, value] of Object.entries(rule))
        assert.notEqual(value, undefined, `${profile.id} ${key}`);
    }
  }
});

test('the built-in profiles are the same after a trip through JSON', () => {
  const copies = JSON.parse(JSON.stringify(BUILTIN_PROFILES)) as ProfileSource[];
  assert.deepEqual(createCatalog(copies).profiles, builtinCatalog().profiles);
});

for (const { profile, facts } of KNOWN_BOARDS) {
  const name = facts.model ?? facts.dmi?.productName ?? facts.container;
  test(`${name} (${facts.compatible[0] ?? facts.arch}) gets ${profile}`, () => {
    const result = matchProfile(facts, builtinCatalog());
    assert.equal(result.profile.id, profile);
    assert.ok(result.reasons[0]?.startsWith(`${profile}: `), result.reasons[0]);
  });
}

test("among the boards of Debian's arm64 kernel only the Raspberry Pis get a profile of theirs", () => {
  const boards = debianBoards();
  assert.ok(boards.length > 500);
  for (const facts of boards) {
    const { profile, notices } = matchProfile(facts, builtinCatalog());
    const isPi = facts.compatible[0]?.startsWith('raspberrypi,') === true;
    assert.equal(profile.id.startsWith('rpi-'), isPi, facts.model);
    if (isPi) assert.deepEqual(notices, []);
    else {
      assert.equal(profile.id, 'generic-arm64', facts.model);
      assert.deepEqual(
        notices.map((n) => [n.code, n.severity]),
        [['board-unknown', 'warning']],
      );
    }
  }
});
