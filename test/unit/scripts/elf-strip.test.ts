import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elfSectionNames, stripElf } from '../../../scripts/release/elf-strip.ts';

type Planned = { name: string; type: number; flags: bigint; content: string; link?: number };

const ALLOC = 2n;
const PROGBITS = 1;
const LINKED: readonly Planned[] = [
  { name: '.text', type: PROGBITS, flags: ALLOC, content: 'program code' },
  { name: '.data', type: PROGBITS, flags: ALLOC, content: 'data', link: 1 },
  { name: '.comment', type: PROGBITS, flags: 0n, content: 'made by a compiler' },
  { name: '.symtab', type: 2, flags: 0n, content: 'symbols', link: 5 },
  { name: '.strtab', type: 3, flags: 0n, content: 'names of symbols' },
];

/** A small ELF image: one segment over all allocated sections, which come first. */
function elf(plan: readonly Planned[], machine = 183): Buffer {
  const names = Buffer.from(`\0${[...plan.map(({ name }) => name), '.shstrtab'].join('\0')}\0`, 'latin1');
  const content = Buffer.concat([...plan.map((one) => Buffer.from(one.content)), names]);
  const start = 64 + 56;
  const table = Math.ceil((start + content.length) / 8) * 8;
  const image = Buffer.alloc(table + (plan.length + 2) * 64);
  image.writeUInt32BE(0x7f454c46, 0);
  image.set([2, 1, 1], 4);
  image.writeUInt16LE(machine, 18);
  image.writeBigUInt64LE(64n, 32);
  image.writeBigUInt64LE(BigInt(table), 40);
  for (const [at, value] of [
    [54, 56],
    [56, 1],
    [58, 64],
    [60, plan.length + 2],
    [62, plan.length + 1],
  ] as const) {
    image.writeUInt16LE(value, at);
  }
  content.copy(image, start);
  let offset = start;
  for (const [index, one] of [...plan, { name: '.shstrtab', type: 3, flags: 0n, content: '' }].entries()) {
    const header = table + (index + 1) * 64;
    const size = one.name === '.shstrtab' ? names.length : one.content.length;
    image.writeUInt32LE(names.indexOf(`\0${one.name}\0`, 0, 'latin1') + 1, header);
    image.writeUInt32LE(one.type, header + 4);
    image.writeBigUInt64LE(one.flags, header + 8);
    image.writeBigUInt64LE(BigInt(offset), header + 24);
    image.writeBigUInt64LE(BigInt(size), header + 32);
    image.writeUInt32LE('link' in one ? (one.link ?? 0) : 0, header + 40);
    offset += size;
  }
  const loaded = plan
    .filter(({ flags }) => flags === ALLOC)
    .reduce((sum, one) => sum + one.content.length, 0);
  image.writeUInt32LE(1, 64);
  image.writeBigUInt64LE(0n, 64 + 8);
  image.writeBigUInt64LE(BigInt(start + loaded), 64 + 32);
  return image;
}

describe('stripping an executable', () => {
  test('keeps what is loaded, byte by byte, and drops symbols and comments', () => {
    const image = elf(LINKED);
    const stripped = stripElf(image, 'arm64');
    assert.deepEqual(elfSectionNames(stripped), ['.text', '.data', '.shstrtab']);
    assert.ok(stripped.length < image.length);
    const loadedEnd = 64 + 56 + 'program codedata'.length;
    const headerFields = new Set([40, 41, 42, 43, 44, 45, 46, 47, 60, 61, 62, 63]);
    for (let at = 0; at < loadedEnd; at++) {
      if (!headerFields.has(at)) assert.equal(stripped[at], image[at], `byte ${at}`);
    }
    assert.ok(!stripped.includes('made by a compiler'));
  });
  test('changes nothing more when done twice', () => {
    const once = stripElf(elf(LINKED), 'arm64');
    assert.deepEqual(stripElf(once, 'arm64'), once);
  });
  test('refuses a file of another architecture', () => {
    assert.throws(
      () => stripElf(elf(LINKED, 62), 'arm64'),
      /expected an ELF file for arm64 \(machine 183\); got machine 62/,
    );
  });
  test('refuses what is no ELF file, and a truncated one', () => {
    assert.throws(() => stripElf(Buffer.from('#!/bin/sh\nexit 0\n'.repeat(9)), 'x64'), /not an ELF file/);
    const image = elf(LINKED);
    assert.throws(() => stripElf(image.subarray(0, image.length - 70), 'arm64'), /outside the file/);
  });
  test('refuses sections in an order that would change indices', () => {
    const mixed = [LINKED[0]!, LINKED[2]!, LINKED[1]!];
    assert.throws(() => stripElf(elf(mixed), 'arm64'), /\.data is loaded but comes after one that isn't/);
  });
  test('refuses a kept section that refers to one that would go', () => {
    const linked = [{ ...LINKED[0]!, link: 3 }, LINKED[1]!, LINKED[2]!];
    assert.throws(() => stripElf(elf(linked), 'arm64'), /\.text refers to a section that would go/);
  });
});
