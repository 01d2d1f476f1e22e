import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { binaryCommand } from '../support/binary.ts';
import { createPlayground, startDaemon } from '../support/daemon.ts';
import { serveModbus } from '../support/devices/modbus.ts';
import { plugPty } from '../support/devices/pty.ts';
import { inverterModels, sunspecDevice } from '../support/devices/sunspec.ts';
import { chargerFields, vedirectBlock } from '../support/devices/vedirect.ts';

interface Records {
  readonly records: readonly { readonly key: string; readonly value: unknown; readonly quality: string }[];
}
interface Status {
  readonly health: readonly { readonly code: string; readonly text: string }[];
}

const recordOf = ({ records }: Records, key: string) => records.find((record) => record.key === key);

test('the binary shares what a charger and an inverter say, through an unplugged cable', async (t) => {
  const playground = createPlayground();
  t.after(() => playground.close());
  const inverter = await serveModbus(t, new Map([[1, sunspecDevice(inverterModels())]]));
  const path = join(playground.directory, 'usb-ve');
  let charger = await plugPty(path);
  let panelWatts = 71;
  const timer = setInterval(
    () => charger.send(vedirectBlock(chargerFields({ PPV: String(panelWatts) }))),
    200,
  );
  t.after(async () => {
    clearInterval(timer);
    await charger.unplug();
  });
  const config = join(playground.directory, 'gridvine.yaml');
  await writeFile(
    config,
    `sources:
  - {kind: vedirect, name: mppt, address: '${path}'}
  - {kind: sunspec, name: roof, address: 'tcp://127.0.0.1:${inverter}', interval: 1s}
  - kind: modbus
    name: raw
    address: tcp://127.0.0.1:${inverter}
    registers: [{key: watts, at: 40084, type: s16, unit: W}]
`,
  );
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const daemon = await startDaemon(playground, {
    ...{ name: 'roof', command: binaryCommand(arch), args: ['--config', config] },
  });
  t.after(() => daemon.stop());
  const records = await daemon.waitFor<Records>(
    '/v1/records',
    (answer) =>
      ['mppt/pv/power', 'roof/ac/power', 'raw/watts'].every((key) => recordOf(answer, key) !== undefined),
    { withinMs: 30_000 },
  );
  assert.equal(recordOf(records, 'mppt/pv/power')?.value, 71);
  assert.equal(recordOf(records, 'roof/ac/power')?.value, 4821);
  assert.equal(recordOf(records, 'raw/watts')?.value, 4821);
  await charger.unplug();
  const status = await daemon.waitFor<Status>(
    '/v1/status',
    ({ health }) => health.some(({ code }) => code === 'port-unavailable'),
    { withinMs: 30_000 },
  );
  assert.match(status.health.find(({ code }) => code === 'port-unavailable')?.text ?? '', /usb-ve/);
  panelWatts = 300;
  charger = await plugPty(path);
  await daemon.waitFor<Records>('/v1/records', (answer) => recordOf(answer, 'mppt/pv/power')?.value === 300, {
    withinMs: 60_000,
  });
  await daemon.waitFor<Status>(
    '/v1/status',
    ({ health }) => !health.some(({ code }) => code === 'port-unavailable'),
    {
      withinMs: 30_000,
    },
  );
  assert.equal(await daemon.stop(), 0);
});
