import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is published: binaries, packages and the documents that go with them. */
const PUBLISHED = /^(gridvine-linux-(x64|arm64)|gridvine_.*\.deb|sbom\.cdx\.json|THIRD-PARTY-LICENSES\.txt)$/;

/** SHA-256 of a file in hexadecimal. */
export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Writes `SHA256SUMS` over everything published in a directory, in the form that `sha256sum -c` reads. */
export function writeChecksums(directory: string): void {
  if (!existsSync(directory)) throw new Error(`${directory}: no such directory; run npm run build first`);
  const files = readdirSync(directory)
    .filter((name) => PUBLISHED.test(name))
    .sort();
  const lines = files.map((name) => `${sha256(join(directory, name))}  ${name}\n`);
  writeFileSync(join(directory, 'SHA256SUMS'), lines.join(''));
}
