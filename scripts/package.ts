/**
 * Makes Debian packages of what `npm run build` left in `dist/`: `npm run package`, or with `-- --target x64` for
 * one of them. Told in scripts/README.md.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { writeChecksums } from './release/checksums.ts';
import { makeDeb } from './release/deb.ts';
import { projectPath, readSourceInfo } from './release/project.ts';
import { parseTargets } from './release/target.ts';

function main(): void {
  const { values } = parseArgs({ options: { target: { type: 'string', multiple: true, default: [] } } });
  const source = readSourceInfo();
  for (const arch of parseTargets(values.target)) {
    const start = performance.now();
    const path = makeDeb(arch, source);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(
      `package: ${basename(path)}: ${(statSync(path).size / 1e6).toFixed(1)} MB, ${seconds} s\n`,
    );
  }
  writeChecksums(projectPath('dist'));
}

try {
  main();
} catch (error) {
  process.stderr.write(`package: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
