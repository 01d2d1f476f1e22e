import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** The tables of one device; what isn't in them is an illegal address. */
export class ModbusDevice {
  readonly holding = new Map<number, number>();
  readonly input = new Map<number, number>();
  readonly coils = new Map<number, boolean>();
  readonly discretes = new Map<number, boolean>();
  /** Answers every request with this exception. */
  exception: number | undefined;
  /** Reads since it was made. */
  reads = 0;

  /** Puts words into a table from an address on. */
  load(table: 'holding' | 'input', address: number, words: readonly number[]): this {
    words.forEach((word, i) => void this[table].set(address + i, word));
    return this;
  }

  /** Answers a request without its framing, as Modbus application protocol 1.1b3 says. */
  answer(pdu: Uint8Array): Uint8Array {
    this.reads += 1;
    const [fn = 0, ah = 0, al = 0, ch = 0, cl = 0] = pdu;
    const refuse = (code: number) => Uint8Array.of(fn | 0x80, code);
    if (this.exception !== undefined) return refuse(this.exception);
    const address = ah * 256 + al;
    const count = ch * 256 + cl;
    const places = Array.from({ length: count }, (_, i) => address + i);
    if (fn === 3 || fn === 4) {
      const table = fn === 3 ? this.holding : this.input;
      if (count < 1 || count > 125) return refuse(3);
      if (places.some((place) => !table.has(place))) return refuse(2);
      const words = places.map((place) => table.get(place) ?? 0);
      return Uint8Array.of(fn, 2 * count, ...words.flatMap((word) => [(word >> 8) & 0xff, word & 0xff]));
    }
    if (fn === 1 || fn === 2) {
      const table = fn === 1 ? this.coils : this.discretes;
      if (count < 1 || count > 2000) return refuse(3);
      if (places.some((place) => !table.has(place))) return refuse(2);
      const bytes = new Uint8Array(Math.ceil(count / 8));
      places.forEach((place, i) => {
        if (table.get(place)) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
      });
      return Uint8Array.of(fn, bytes.length, ...bytes);
    }
    return refuse(1);
  }
}

export type ModbusUnits = ReadonlyMap<number, ModbusDevice>;

/** Answers one serial line request; undefined where nobody is meant or its CRC is wrong. */
export function answerRtu(units: ModbusUnits, request: Uint8Array): Uint8Array | undefined {
  const body = request.subarray(0, -2);
  if (crcOf(body).some((byte, i) => byte !== request.at(i - 2))) return undefined;
  const answer = units.get(body[0] ?? 0)?.answer(body.subarray(1));
  return answer === undefined ? undefined : rtuFrame(Uint8Array.of(body[0] ?? 0, ...answer));
}

/** Answers one TCP request; a gateway says that the device doesn't answer where there is none. */
export function answerTcp(units: ModbusUnits, request: Uint8Array): Uint8Array {
  const [th = 0, tl = 0, , , , , unit = 0, fn = 0] = request;
  const answer = units.get(unit)?.answer(request.subarray(7)) ?? Uint8Array.of(fn | 0x80, 11);
  return Uint8Array.of(th, tl, 0, 0, 0, answer.length + 1, unit, ...answer);
}

/** A frame with its CRC behind it. */
export function rtuFrame(body: Uint8Array): Uint8Array {
  return Uint8Array.of(...body, ...crcOf(body));
}

/** The specification's own way, bit by bit; low byte first. */
function crcOf(bytes: Uint8Array): readonly [number, number] {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return [crc & 0xff, crc >>> 8];
}

/** Serves devices on a free port of this machine until the test ends; gives the port. */
export async function serveModbus(
  t: TestContext,
  units: ModbusUnits,
  framing: 'tcp' | 'rtu' = 'tcp',
): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Uint8Array) => {
      const answer = framing === 'tcp' ? answerTcp(units, chunk) : answerRtu(units, chunk);
      if (answer !== undefined) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}
