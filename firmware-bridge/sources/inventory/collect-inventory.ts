import { cleanText, type Inventory } from './inventory.ts';

/**
 * Asks `systeminformation` what this machine is. It starts a dozen processes **synchronously** and may block for
 * seconds: call it only in a process of its own (`runInventoryChild`).
 */
export async function collectInventory(): Promise<Inventory> {
  // Loaded here and not at the top: it costs memory that only the child needs to spend.
  const { system, cpu, osInfo } = await import('systeminformation');
  const [board, processor, os] = await Promise.all([system(), cpu(), osInfo()]);
  return {
    ...named('board', [board.manufacturer, board.model]),
    ...named('cpu', [processor.manufacturer, processor.brand]),
    ...(processor.cores > 0 ? { cores: processor.cores } : {}),
    ...named('os', [os.distro, os.release]),
    ...named('kernel', [os.kernel]),
    ...named('arch', [os.arch]),
  };
}

/**
 * The whole work of the child that `InventorySource` starts: prints the inventory as one line of JSON through `write`.
 * The program that embeds this calls it for its hidden sub-command and exits afterwards.
 */
export async function runInventoryChild(write: (text: string) => void): Promise<void> {
  write(`${JSON.stringify(await collectInventory())}\n`);
}

/** Joins the words that say something; `systeminformation` answers "-", "unknown" or "" for the others,
 * and calls every small virtual machine a container. */
function named(name: keyof Inventory, words: readonly string[]): Inventory {
  const known = words.filter(
    (word) => !/^(-|unknown|default string|docker container|to be filled.*)?$/i.test(word.trim()),
  );
  const text = cleanText(known.join(' '));
  return text === undefined ? {} : { [name]: text };
}
