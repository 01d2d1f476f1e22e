import type { ThirdParty } from './packages.ts';

/** Licences that allow us to ship a package inside an Apache-2.0 binary; others need a decision by a person. */
const ACCEPTED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

const RULE = '='.repeat(80);

/**
 * Writes the licence document of a release: the texts of all bundled packages, then Node's own.
 *
 * @throws Error when a package's licence is none of the accepted ones, or it ships no text and has a licence
 *   whose text can't be told from its name. Nothing is written then.
 */
export function licenceDocument(
  packages: readonly ThirdParty[],
  node: { version: string; text: string },
): string {
  for (const { name, licence } of packages) assertAccepted(name, licence);
  const head = [
    'gridvine contains the following third-party software. Each part is under its own licence, given below.',
    '',
    ...packages.map(({ name, version, licence }) => `  ${name} ${version} (${licence})`),
    `  Node.js ${node.version} (MIT and others)`,
  ];
  const sections = packages.map((one) => section(`${one.name} ${one.version} (${one.licence})`, textOf(one)));
  return [...head, '', ...sections, section(`Node.js ${node.version}`, node.text.trim())].join('\n');
}

function section(title: string, text: string): string {
  return [RULE, title, RULE, '', text, ''].join('\n');
}

function assertAccepted(name: string, licence: string): void {
  const alternatives = licence.replace(/[()]/g, '').split(' OR ');
  const accepted = alternatives.some((one) => one.split(' AND ').every((part) => ACCEPTED.has(part.trim())));
  if (!accepted) {
    throw new Error(`${name}: licence ${JSON.stringify(licence)} is not among those accepted for the binary`);
  }
}

function textOf({ name, licence, author, texts }: ThirdParty): string {
  if (texts.length > 0) return texts.map(({ text }) => text).join('\n\n');
  const template = TEMPLATES[licence];
  if (template === undefined)
    throw new Error(`${name}: ships no licence text, and ${licence} has no template`);
  return `Copyright (c) ${author === '' ? `the authors of ${name}` : author}\n\n${template}`;
}

/** SPDX texts for packages that name their licence but forgot the file. */
const TEMPLATES: Readonly<Record<string, string>> = {
  MIT: `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`,
  ISC: `Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY
AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR
OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.`,
};
