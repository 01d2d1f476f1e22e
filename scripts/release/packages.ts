import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockEntry, projectPath, readJson } from './project.ts';

/** A third-party package whose code is in the bundle. */
export type ThirdParty = {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package declares it. */
  readonly licence: string;
  readonly author: string;
  /** SHA-512 of the package's archive in hexadecimal, from the lockfile. */
  readonly sha512: string | undefined;
  /** Licence and notice files, in alphabetical order; empty where the package ships none. */
  readonly texts: readonly { readonly file: string; readonly text: string }[];
};

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
  readonly author?: string | { readonly name: string };
};

const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense)([.-].*)?$/i;

/**
 * Packages that ship a licence text and don't declare which one it is: what the text says, read by a person.
 * With the version, so that it is read again after an upgrade.
 */
const READ_FROM_TEXT: Readonly<Record<string, string>> = {
  'suncalc@2.0.2': 'BSD-2-Clause',
};

/** Reads what the release says about bundled packages, given by folder (`node_modules/ms`). */
export function readThirdParties(folders: readonly string[]): readonly ThirdParty[] {
  return folders.map(readThirdParty).sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

function readThirdParty(folder: string): ThirdParty {
  const manifest = readJson<Manifest>(`${folder}/package.json`);
  return {
    name: manifest.name,
    version: manifest.version,
    licence: declaredLicence(manifest),
    author: typeof manifest.author === 'string' ? manifest.author : (manifest.author?.name ?? ''),
    sha512: sha512Hex(lockEntry(folder).integrity),
    texts: licenceTexts(projectPath(folder)),
  };
}

function declaredLicence({ name, version, license, licenses }: Manifest): string {
  const listed = licenses?.map(({ type }) => type).join(' OR ');
  const declared = typeof license === 'object' ? license.type : (license ?? listed);
  const licence = declared ?? READ_FROM_TEXT[`${name}@${version}`];
  if (licence === undefined || licence === '') {
    throw new Error(
      `${name}@${version}: its package.json declares no licence; read its licence text, and enter what it is in scripts/release/packages.ts`,
    );
  }
  return licence;
}

function licenceTexts(directory: string): ThirdParty['texts'] {
  const files = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map((entry) => entry.name)
    .sort(compare);
  return files.map((file) => ({ file, text: readFileSync(join(directory, file), 'utf8').trim() }));
}

function sha512Hex(integrity: string | undefined): string | undefined {
  const base64 = /^sha512-(\S+)$/.exec(integrity ?? '')?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
