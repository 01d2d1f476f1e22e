import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  reportDetection,
  reportProfile,
  reportProfiles,
  reportValidation,
} from '#device/board/profile-reports.ts';
import { createFakeSysroot } from '../../../support/boards/fake-sysroot.ts';

const validate = async (content: string) => {
  using root = createFakeSysroot();
  root.file('mine.yaml', content);
  return await reportValidation(join(root.path, 'mine.yaml'));
};

test('the detection report names the profile and survives JSON', () => {
  using root = createFakeSysroot();
  root.file('proc/device-tree/compatible', 'raspberrypi,5-model-b\0brcm,bcm2712\0');
  const report = reportDetection({ sysroot: root.path, arch: 'arm64' });
  assert.deepEqual([report.schema, report.profile], ['gridvine.profile-detect/1', 'rpi-5']);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
});

test('the list has every profile with what it is recognised by', () => {
  const { profiles } = reportProfiles();
  assert.deepEqual(
    profiles.map((p) => p.id),
    profiles.map((p) => p.id).toSorted(),
  );
  assert.deepEqual(
    profiles.find((p) => p.id === 'rpi-3b-plus'),
    {
      id: 'rpi-3b-plus',
      title: 'Raspberry Pi 3 Model B+',
      extends: 'rpi-common',
      matches: [
        'compatible raspberrypi,3-model-b-plus',
        'model ^Raspberry Pi 3 Model B Plus|^Raspberry Pi 3 Model B[+]',
        'revision type 0xd',
      ],
    },
  );
});

test('a profile is shown with all that it extends, an unknown one is refused', () => {
  assert.deepEqual(reportProfile('rpi-5').profile.lineage, ['rpi-5', 'rpi-common', 'linux-common']);
  assert.throws(() => reportProfile('x'), { code: 'E_CONFIG' });
});

test('a good file passes, in YAML or JSON, also in place of a built-in profile', async () => {
  const yaml = await validate(
    'schema: 1\nid: mine\ntitle: Mine\nextends: rpi-4b\nmatch: {compatible: ["acme,x"]}\n',
  );
  assert.deepEqual([yaml.ok, yaml.id, yaml.problems], [true, 'mine', []]);
  const json = await validate('{"schema":1,"id":"rpi-4b","title":"Ours","extends":"rpi-common"}');
  assert.deepEqual([json.ok, json.id, json.problems], [true, 'rpi-4b', []]);
});

test('faults of the content are in the report, each with its place', async () => {
  const unknownKey = await validate('schema: 1\nid: mine\ntitle: M\nlimits: {heapMb: 3}\n');
  assert.deepEqual(
    [unknownKey.ok, unknownKey.id, unknownKey.problems],
    [
      false,
      'mine',
      [
        {
          path: 'limits.heapMb',
          text: 'limits.heapMb: unknown key; expected one of heapMiBMax, recordsMax, ownersMax',
        },
      ],
    ],
  );
  const parent = await validate('schema: 1\nid: mine\ntitle: M\nextends: nope\n');
  assert.match(parent.problems[0]?.text ?? '', /extends: expected the id of a profile/);
});

test('what is not YAML, an alias bomb and an empty file are faults of the content', async () => {
  assert.equal((await validate('a: [1\nb: }')).ok, false);
  const bomb = [
    'a: &a [1,1,1,1,1,1,1,1]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c,*c,*c]',
  ];
  const report = await validate(bomb.join('\n'));
  assert.match(report.problems[0]?.text ?? '', /alias/);
  assert.equal((await validate('')).ok, false);
});

test('a file that cannot be read, or is far too long, is an error that names it', async () => {
  await assert.rejects(reportValidation('/nonexistent/p.yaml'), {
    code: 'E_CONFIG',
    message: '/nonexistent/p.yaml: expected a readable profile (YAML or JSON); got ENOENT',
  });
  await assert.rejects(validate('#'.repeat(300_000)), {
    code: 'E_CONFIG',
    message: /at most 262144 bytes; got 300000/,
  });
});
