import { generateVectors } from './generate.ts';
import type { BodyVector, DatagramVector, KeyVector, RecordVector, RefusalVector } from './shape.ts';

const BEGIN = '<!-- examples:begin -->\n';
const END = '<!-- examples:end -->';
const BYTES_A_LINE = 32;
const BODIES = ['ping', 'ack', 'ping-req', 'digest', 'want'];
const RECORDS = ['only what is required', 'every optional field', 'a tombstone'];

/** The specification with its worked examples made anew from the vectors. @throws Error where the markers are missing. */
export function withExamples(specification: string): string {
  const [before, rest] = split(specification, BEGIN);
  const [, after] = split(rest, END);
  return `${before}${BEGIN}${examples()}${END}${after}`;
}

function split(text: string, marker: string): [string, string] {
  const at = text.indexOf(marker);
  if (at < 0) throw new Error(`protocol.md: expected the marker ${marker.trim()}`);
  return [text.slice(0, at), text.slice(at + marker.length)];
}

function examples(): string {
  const vectors = generateVectors();
  const keys = (vectors['keys.json'] as KeyVector[])[0];
  const datagram = (vectors['datagrams.json'] as DatagramVector[])[0];
  const refusal = (vectors['refusals.json'] as RefusalVector[])[0];
  return [
    keySection(keys),
    datagramSection(datagram),
    ...(vectors['bodies.json'] as BodyVector[])
      .filter(({ name }) => BODIES.includes(name))
      .map(({ name, body }) => example(`Body with \`${name}\``, [['', body]])),
    ...(vectors['records.json'] as RecordVector[])
      .filter(({ name }) => RECORDS.includes(name))
      .map(({ name, record }) => example(`Record, ${name}`, [['', record]])),
    example(`Refusal, \`${refusal.code}\``, [
      ['answers a datagram whose bytes 8 to 31 are', refusal.answered.slice(16, 64)],
      ['', refusal.refusal],
    ]),
  ].join('\n');
}

function keySection(keys: KeyVector): string {
  return example('Keys', [
    ['group key [P-2.1]', keys.groupKey],
    ['key id [P-2.2]', keys.keyId.toString(16).padStart(4, '0')],
    ['cluster tag [P-2.3]', keys.clusterTag],
    ['Ed25519 seed', keys.seed],
    ['public key', keys.publicKey],
    ['node id [P-1.2]', keys.nodeId],
  ]);
}

function datagramSection({ datagram, body, destination }: DatagramVector): string {
  const at = (from: number, to?: number) => datagram.slice(2 * from, to === undefined ? undefined : 2 * to);
  return example('A `ping` of that node, sealed to one', [
    ['magic, version and kind', at(0, 2)],
    ['cluster tag', at(2, 6)],
    ['key id', at(6, 8)],
    ['salt', at(8, 24)],
    ['counter', at(24, 32)],
    ['sealed: ciphertext and tag', at(32)],
    ['destination, in the associated data only', destination],
    ['body: sender, boot 3, one message', body ?? ''],
  ]);
}

function example(title: string, parts: readonly (readonly [string, string])[]): string {
  const lines = parts.flatMap(([label, hex]) => [...(label === '' ? [] : [`# ${label}`]), ...wrapped(hex)]);
  return `${title}:\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n`;
}

function wrapped(hex: string): string[] {
  return hex.match(new RegExp(`.{1,${2 * BYTES_A_LINE}}`, 'g')) ?? [];
}
