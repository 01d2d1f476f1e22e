import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeFiles } from '#runtime/storage/node-files.ts';
import { fileCompliance } from '#runtime/testing/file-suite.ts';
import { MemoryFiles } from '#runtime/testing/memory-files.ts';
import { FailingDisk } from '../support/failing-disk.ts';

const directories: string[] = [];
after(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

fileCompliance(test, 'this machine', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gridvine-files-'));
  directories.push(directory);
  return { files: nodeFiles, directory };
});
fileCompliance(test, 'in memory', () => ({ files: new MemoryFiles(), directory: '/data' }));
fileCompliance(test, 'the disk of tests', () => ({ files: new FailingDisk(), directory: '/data' }));
