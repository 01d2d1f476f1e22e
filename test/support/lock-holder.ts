import { DataDir } from '#runtime/storage/data-dir.ts';

/**
 * Run as a process of its own: opens the data directory it is given, says `locked` or the error, and where it has it stays until it is
 * killed. With `unprivileged` it gives up root's rights first, if it has them.
 */
const [directory, rights] = process.argv.slice(2);
if (rights === 'unprivileged' && process.getuid?.() === 0) {
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
DataDir.open(directory).then(
  () => {
    process.stdout.write('locked\n');
    setInterval(() => undefined, 60_000);
  },
  (error: { code?: string; message: string }) => {
    process.stdout.write(`${error.code} ${error.message}\n`);
  },
);
