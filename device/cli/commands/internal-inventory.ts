import { Command } from 'commander';
import { runInventoryChild } from '#bridge/sources/inventory/collect-inventory.ts';
import type { CliIo } from '../io.ts';

/** The child process of the inventory source. It is this program again, so that the binary stays one file. */
export function internalInventoryCommand(io: CliIo): Command {
  return new Command('internal-inventory').action(() =>
    runInventoryChild((text) => void io.stdout.write(text)),
  );
}
