import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withExamples } from './vectors/examples.ts';
import { generateVectors } from './vectors/generate.ts';

/** Writes the golden vectors. Run it after a deliberate change of the wire, and read the difference. */
const folder = join(import.meta.dirname, '../test/vectors');
for (const [name, content] of Object.entries(generateVectors())) {
  writeFileSync(join(folder, name), `${JSON.stringify(content, undefined, 1)}\n`);
  process.stdout.write(`test/vectors/${name}\n`);
}

const specification = join(import.meta.dirname, '../runtime/spec/protocol.md');
writeFileSync(specification, withExamples(readFileSync(specification, 'utf8')));
process.stdout.write('runtime/spec/protocol.md: worked examples\n');
