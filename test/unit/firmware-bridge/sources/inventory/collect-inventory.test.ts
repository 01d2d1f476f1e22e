import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { nodePorts } from '#bridge/ports/node-ports.ts';
import { InventorySource } from '#bridge/sources/inventory/inventory-source.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

test('a real child tells the kernel and the processor architecture of this machine', async () => {
  const script = `import { runInventoryChild } from '#bridge/sources/inventory/collect-inventory.ts';
    await runInventoryChild((text) => process.stdout.write(text));`;
  const command = [process.execPath, '--input-type=module-typescript', '--eval', script];
  const source = new InventorySource(
    { name: 'inventory', command, timeoutMs: 60_000 },
    nodePorts({ log: () => {} }),
  );
  const arch = Promise.withResolvers<unknown>();
  const sink = new RecordingSink();
  source.start({
    reading(reading) {
      sink.reading(reading);
      if (reading.key === 'inventory/arch') arch.resolve(reading.value);
    },
    health: (change) => arch.reject(new Error(JSON.stringify(change))),
  });
  assert.equal(await arch.promise, process.arch);
  assert.match(String(sink.last('inventory/kernel')?.value), /^\d+\.\d+/);
  await source.stop();
});
