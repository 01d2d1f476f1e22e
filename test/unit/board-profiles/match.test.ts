import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { builtinCatalog, createCatalog } from '#profiles/catalog.ts';
import { BUILTIN_PROFILES } from '#profiles/data/builtin.ts';
import type { BoardFacts } from '#profiles/facts.ts';
import { matchProfile } from '#profiles/match.ts';
import type { ProfileSource } from '#profiles/schema.ts';

const catalog = builtinCatalog();
const nothing: BoardFacts = { compatible: [], arch: 'arm64' };
const idOf = (facts: Partial<BoardFacts>) => matchProfile({ ...nothing, ...facts }, catalog).profile.id;
const extended = (match: ProfileSource['match'], id = 'mine'): ProfileSource => ({
  schema: 1,
  id,
  title: id,
  extends: 'linux-common',
  ...(match === undefined ? {} : { match }),
});

test('the device tree decides before the model, the model before the revision, the revision before DMI', () => {
  const compatible = ['raspberrypi,5-model-b', 'brcm,bcm2712'];
  const model = 'Raspberry Pi 4 Model B Rev 1.1';
  const revision = '902120';
  const dmi = { sysVendor: 'QEMU' };
  const stages = (['compatible', 'model', 'revision', 'container', 'dmi', 'arch'] as const).map(
    (_, i, all) => {
      const facts = { compatible, model, revision, container: 'docker', dmi };
      const left = Object.fromEntries(
        Object.entries(facts).filter(([key]) => all.indexOf(key as 'dmi') >= i),
      );
      const { by, profile } = matchProfile({ ...nothing, ...left }, catalog);
      return [by, profile.id];
    },
  );
  assert.deepEqual(stages, [
    ['compatible', 'rpi-5'],
    ['model', 'rpi-4b'],
    ['revision', 'rpi-zero-2w'],
    ['container', 'container'],
    ['dmi', 'vm'],
    ['arch', 'generic-arm64'],
  ]);
});

test('a board around a Compute Module is recognised before the Raspberry Pi in it', () => {
  const compatible = ['raspberrypi,4-compute-module', 'kunbus,revpi-connect-4', 'brcm,bcm2711'];
  const { profile, reasons } = matchProfile({ ...nothing, compatible }, catalog);
  assert.equal(profile.id, 'revpi');
  assert.deepEqual(reasons, [
    'revpi: compatible "kunbus,revpi-connect-4" (2 of 3)',
    'rpi-common fits too, by compatible "raspberrypi,4-compute-module" (1 of 3) (priority 20)',
  ]);
});

test('at equal priority the more specific string of the device tree wins', () => {
  const two = createCatalog([
    ...BUILTIN_PROFILES,
    extended({ compatible: ['acme,soc'] }, 'a-soc'),
    extended({ compatible: ['acme,board'] }, 'z-board'),
  ]);
  const result = matchProfile({ ...nothing, compatible: ['acme,board', 'acme,soc'] }, two);
  assert.equal(result.profile.id, 'z-board');
  assert.deepEqual(result.notices, []);
});

test('two profiles that fit equally well give a notice, and the same one each time', () => {
  const two = createCatalog([
    ...BUILTIN_PROFILES,
    extended({ model: '^Acme' }, 'b'),
    extended({ model: 'Box$' }, 'a'),
  ]);
  const result = matchProfile({ ...nothing, model: 'Acme Box' }, two);
  assert.equal(result.profile.id, 'a');
  assert.deepEqual(
    result.notices.map((n) => n.code),
    ['profile-ambiguous'],
  );
});

test('a revision code is read without its overvoltage and warranty bits, and old-style codes say nothing', () => {
  assert.equal(idOf({ revision: '902120' }), 'rpi-zero-2w');
  assert.equal(idOf({ revision: '2902120' }), 'rpi-zero-2w');
  assert.equal(idOf({ revision: 'c03111' }), 'rpi-4b');
  assert.equal(idOf({ revision: 'd04170' }), 'rpi-5');
  for (const revision of ['0000', '0010', '000010', 'zz', ''])
    assert.equal(idOf({ revision }), 'generic-arm64');
});

test('a named profile wins over the board, and the board is still said', () => {
  const compatible = ['raspberrypi,4-model-b', 'brcm,bcm2711'];
  const result = matchProfile({ ...nothing, compatible }, catalog, { override: 'generic-arm64' });
  assert.equal(result.profile.id, 'generic-arm64');
  assert.equal(result.by, 'override');
  assert.equal(result.reasons[0], 'generic-arm64: named explicitly');
  assert.match(result.reasons[1] ?? '', /^rpi-4b fits too/);
  assert.deepEqual(result.notices, []);
});

test('naming a profile that does not exist lists those that do', () => {
  assert.throws(() => matchProfile(nothing, catalog, { override: 'rpi-9' }), {
    code: 'E_CONFIG',
    message:
      'profile: expected the id of a profile, one of container, generic-arm64, generic-armv7, generic-x64, linux-common, revpi, rpi-3b-plus, rpi-4b, rpi-5, rpi-common, rpi-zero-2w, vm; got "rpi-9"',
  });
});

test('an unknown board gets the generic profile of its architecture and a notice that names it', () => {
  const facts = { compatible: ['acme,box-1', 'acme,soc'], model: 'Acme Box', arch: 'aarch64' };
  const { profile, notices } = matchProfile(facts, catalog);
  assert.equal(profile.id, 'generic-arm64');
  assert.equal(notices[0]?.code, 'board-unknown');
  assert.equal(notices[0]?.severity, 'warning');
  assert.match(notices[0]?.text ?? '', /"acme,box-1", "acme,soc", model "Acme Box": generic-arm64 is used/);
});

test('an architecture without a generic profile falls back to the common base', () => {
  const { profile, by, notices } = matchProfile({ compatible: [], arch: 'riscv64' }, catalog);
  assert.deepEqual([profile.id, by, notices[0]?.code], ['linux-common', 'fallback', 'board-unknown']);
});

test('matching never throws, whatever the strings are, and always names a profile of the catalog', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('raspberrypi,', 'Raspberry Pi '),
  );
  const optional = fc.option(text, { nil: undefined });
  const facts = fc.record({
    compatible: fc.array(text, { maxLength: 6 }),
    model: optional,
    revision: optional,
    container: optional,
    dmi: fc.option(fc.record({ sysVendor: optional, productName: optional, boardName: optional }), {
      nil: undefined,
    }),
    arch: text,
  });
  fc.assert(
    fc.property(facts, (raw) => {
      const given = JSON.parse(JSON.stringify(raw)) as BoardFacts;
      const { profile, reasons } = matchProfile(given, catalog);
      assert.ok(catalog.profiles.includes(profile));
      assert.ok(reasons.length > 0 && reasons.every((r) => r.length < 200));
    }),
  );
});
