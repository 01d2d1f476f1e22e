/**
 * Removes what a running program never reads from an ELF executable: symbol table, debug sections, comments.
 *
 * The loader maps segments (program headers) and never looks at sections, so everything after the last byte
 * of a segment can go. A new, shorter section header table is written behind it, because the tool that
 * injects the application later reads sections.
 *
 * Strictly for a linked, little-endian, 64-bit executable whose allocated sections come first in the table, as
 * every linker writes them: then no index in any kept section (`sh_link`, `sh_info`, symbols' `st_shndx`)
 * changes. Anything else is refused instead of guessed at.
 *
 * Source: System V ABI, chapters 4 and 5.
 */
import { type Arch, ELF_MACHINE } from './target.ts';

const EHDR_BYTES = 64;
const PHDR_BYTES = 56;
const SHDR_BYTES = 64;
const SHT_STRTAB = 3;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2n;

type Section = {
  readonly header: Buffer;
  readonly name: string;
  readonly type: number;
  readonly allocated: boolean;
};

/** Strips an ELF image and returns a new one. Throws, naming the reason, when the image isn't what it can handle. */
export function stripElf(image: Buffer, arch: Arch): Buffer {
  checkHeader(image, arch);
  const sections = readSections(image);
  const kept = sections.slice(0, countAllocated(sections));
  const contentEnd = segmentsEnd(image);

  const names = sectionNames(kept);
  const namesOffset = contentEnd;
  const tableOffset = alignUp(namesOffset + names.bytes.length, 8);
  const out = Buffer.alloc(tableOffset + (kept.length + 1) * SHDR_BYTES);
  image.copy(out, 0, 0, contentEnd);
  names.bytes.copy(out, namesOffset);

  for (const [index, section] of kept.entries()) {
    const at = tableOffset + index * SHDR_BYTES;
    section.header.copy(out, at);
    out.writeUInt32LE(names.offsets[index] ?? 0, at);
  }
  writeNameSection(out, tableOffset + kept.length * SHDR_BYTES, {
    nameOffset: names.ownOffset,
    offset: namesOffset,
    size: names.bytes.length,
  });
  out.writeBigUInt64LE(BigInt(tableOffset), 40);
  out.writeUInt16LE(kept.length + 1, 60);
  out.writeUInt16LE(kept.length, 62);
  return out;
}

function checkHeader(image: Buffer, arch: Arch): void {
  if (image.length < EHDR_BYTES || image.readUInt32BE(0) !== 0x7f454c46) throw new Error('not an ELF file');
  if (image[4] !== 2 || image[5] !== 1) throw new Error('expected a 64-bit little-endian ELF file');
  const machine = image.readUInt16LE(18);
  if (machine !== ELF_MACHINE[arch]) {
    throw new Error(
      `expected an ELF file for ${arch} (machine ${ELF_MACHINE[arch]}); got machine ${machine}`,
    );
  }
  if (image.readUInt16LE(54) !== PHDR_BYTES || image.readUInt16LE(58) !== SHDR_BYTES) {
    throw new Error('unexpected size of a program or section header');
  }
}

function readSections(image: Buffer): readonly Section[] {
  const offset = Number(image.readBigUInt64LE(40));
  const count = image.readUInt16LE(60);
  const namesIndex = image.readUInt16LE(62);
  if (count === 0 || namesIndex >= count) throw new Error('the ELF file has no section table');
  const header = (index: number) => slice(image, offset + index * SHDR_BYTES, SHDR_BYTES, 'section header');
  const namesHeader = header(namesIndex);
  const names = slice(
    image,
    Number(namesHeader.readBigUInt64LE(24)),
    Number(namesHeader.readBigUInt64LE(32)),
    'section name table',
  );
  return Array.from({ length: count }, (_, index) => readSection(header(index), names));
}

function readSection(header: Buffer, names: Buffer): Section {
  const start = header.readUInt32LE(0);
  const end = names.indexOf(0, start);
  if (end < 0) throw new Error('a section name runs out of the name table');
  return {
    header,
    name: names.toString('latin1', start, end),
    type: header.readUInt32LE(4),
    allocated: (header.readBigUInt64LE(8) & SHF_ALLOC) !== 0n,
  };
}

/** Length of the leading run that is kept: the null section and all allocated ones. */
function countAllocated(sections: readonly Section[]): number {
  const firstLoose = sections.findIndex((section, index) => index > 0 && !section.allocated);
  const count = firstLoose < 0 ? sections.length : firstLoose;
  const late = sections.slice(count).find((section) => section.allocated);
  if (late !== undefined) throw new Error(`section ${late.name} is loaded but comes after one that isn't`);
  for (const { header, name } of sections.slice(0, count)) {
    if (header.readUInt32LE(40) >= count)
      throw new Error(`section ${name} refers to a section that would go`);
  }
  return count;
}

/** End of the last byte in the file that belongs to a segment. */
function segmentsEnd(image: Buffer): number {
  const offset = Number(image.readBigUInt64LE(32));
  const count = image.readUInt16LE(56);
  if (count === 0) throw new Error('the ELF file has no segments');
  let end = offset + count * PHDR_BYTES;
  for (let index = 0; index < count; index++) {
    const header = slice(image, offset + index * PHDR_BYTES, PHDR_BYTES, 'program header');
    end = Math.max(end, Number(header.readBigUInt64LE(8) + header.readBigUInt64LE(32)));
  }
  if (end > image.length) throw new Error('a segment runs out of the file');
  return end;
}

function sectionNames(kept: readonly Section[]) {
  const chunks: string[] = [];
  const offsets: number[] = [];
  let length = 0;
  for (const name of [...kept.map((section) => section.name), '.shstrtab']) {
    offsets.push(length);
    chunks.push(`${name}\0`);
    length += name.length + 1;
  }
  return { bytes: Buffer.from(chunks.join(''), 'latin1'), offsets, ownOffset: offsets[kept.length] ?? 0 };
}

function writeNameSection(
  out: Buffer,
  at: number,
  {
    nameOffset,
    offset,
    size,
  }: { readonly nameOffset: number; readonly offset: number; readonly size: number },
): void {
  out.writeUInt32LE(nameOffset, at);
  out.writeUInt32LE(SHT_STRTAB, at + 4);
  out.writeBigUInt64LE(BigInt(offset), at + 24);
  out.writeBigUInt64LE(BigInt(size), at + 32);
  out.writeBigUInt64LE(1n, at + 48);
}

function slice(image: Buffer, offset: number, length: number, what: string): Buffer {
  if (offset < 0 || offset + length > image.length) throw new Error(`the ${what} lies outside the file`);
  return image.subarray(offset, offset + length);
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** Names of all sections with content, for tests and for looking at a result. */
export function elfSectionNames(image: Buffer): readonly string[] {
  return readSections(image)
    .filter((section) => section.type !== SHT_NOBITS)
    .map((section) => section.name)
    .filter((name) => name !== '');
}
