const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

const START = 0xffff;

/** CRC-16/MODBUS over `bytes[start..end)` (Modbus over serial line 1.02, section 6.2.2); sent low byte first. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = START;
  for (let at = start; at < end; at++) crc = (crc >> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!;
  return crc;
}

/** Whether the two bytes at `end` are the CRC of those from `start` on. */
export function hasCrc(bytes: Uint8Array, start: number, end: number): boolean {
  const crc = crc16(bytes, start, end);
  return bytes[end] === (crc & 0xff) && bytes[end + 1] === crc >> 8;
}

/**
 * CRCs of many overlapping windows of one stretch of bytes, each in constant time: a CRC is linear, so that of a window follows
 * from those of the two stretches that end where it begins and where it ends. Without it a stream of false beginnings costs
 * hundreds of steps a byte.
 */
export class WindowCrc {
  readonly #bytes: Uint8Array;
  /** For each place the CRC, begun with 0, of all before it; made when first needed. */
  #before: Uint16Array | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether the two bytes at `end` are the CRC of those from `start` on. */
  isRight(start: number, end: number): boolean {
    this.#before ??= runningCrc(this.#bytes);
    const crc = this.#before[end]! ^ passZeros(this.#before[start]! ^ START, end - start);
    return this.#bytes[end] === (crc & 0xff) && this.#bytes[end + 1] === crc >> 8;
  }
}

function runningCrc(bytes: Uint8Array): Uint16Array {
  const before = new Uint16Array(bytes.length + 1);
  let crc = 0;
  for (let at = 0; at < bytes.length; at++) {
    crc = (crc >> 8) ^ TABLE[(crc ^ bytes[at]!) & 0xff]!;
    before[at + 1] = crc;
  }
  return before;
}

/** Per number of zero bytes: what each low byte (first half) and high byte of a register becomes behind them. */
const zeroTables = new Map<number, Uint16Array>();

/** What a register becomes behind so many zero bytes. */
function passZeros(register: number, count: number): number {
  const table = zeroTables.get(count) ?? makeZeroTable(count);
  return table[register & 0xff]! ^ table[256 + (register >> 8)]!;
}

function makeZeroTable(count: number): Uint16Array {
  const bits = Array.from({ length: 16 }, (_, bit) => {
    let register = 1 << bit;
    for (let i = 0; i < count; i++) register = (register >> 8) ^ TABLE[register & 0xff]!;
    return register;
  });
  const table = Uint16Array.from({ length: 512 }, (_, index) => {
    const register = index < 256 ? index : (index - 256) << 8;
    return bits.reduce((sum, passed, bit) => ((register >> bit) & 1 ? sum ^ passed : sum), 0);
  });
  // Windows are as long as answers can be: a few hundred tables of 1 KiB at most.
  zeroTables.set(count, table);
  return table;
}
