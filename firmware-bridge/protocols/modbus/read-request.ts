/** The four tables of a Modbus device, with the function that reads them. */
export const READ_FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;

export type ModbusTable = keyof typeof READ_FUNCTION;
export const MODBUS_TABLES = Object.keys(READ_FUNCTION) as readonly ModbusTable[];

/** Most registers, and most bits, that one request may ask for. */
export const REGISTERS_PER_READ_MAX = 125;
export const BITS_PER_READ_MAX = 2000;

/** Reads `count` registers or bits from `address` on. */
export interface ReadRequest {
  /** Which device on the bus: 1 to 247, and by TCP 0 to 255. */
  readonly unitId: number;
  readonly table: ModbusTable;
  /** 0 to 65535, as it goes over the wire: register 40001 of old manuals is holding 0. */
  readonly address: number;
  readonly count: number;
}

/** What a device answered: the bytes of the registers (big-endian) or bits (lowest first), or that it can't. */
export type ReadAnswer =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number };

/** Bytes of data in the right answer to a request. */
export function dataBytesOf({ table, count }: ReadRequest): number {
  return table === 'coil' || table === 'discrete' ? Math.ceil(count / 8) : 2 * count;
}

/** The request without framing: function, address, count. */
export function encodeReadPdu({ table, address, count }: ReadRequest): Uint8Array {
  return Uint8Array.of(READ_FUNCTION[table], address >> 8, address & 0xff, count >> 8, count & 0xff);
}

/** What an exception means (Modbus application protocol 1.1b3, section 7). */
export function exceptionText(code: number): string {
  return EXCEPTIONS[code] ?? `exception ${code}`;
}

/** Exceptions that asking again soon doesn't change. */
export function isLasting(code: number): boolean {
  return code >= 1 && code <= 3;
}

/** Exceptions by which a gateway says that the device behind it doesn't answer. */
export function isSilence(code: number): boolean {
  return code === 10 || code === 11;
}

const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal address',
  3: 'illegal count',
  4: 'device failure',
  5: 'still working on it',
  6: 'busy',
  8: 'memory parity error',
  10: 'gateway has no path',
  11: 'gateway: the device does not answer',
};
