import { isDeepStrictEqual } from 'node:util';
import { encodeCaptureEntry, encodeCaptureHead, parseCapture } from '#bridge/capture/capture.ts';
import { AnswerScanner, type Scanned } from '#bridge/protocols/modbus/answer-scanner.ts';
import type { ReadRequest } from '#bridge/protocols/modbus/read-request.ts';
import { BYTE_ORDERS, NUMBER_TYPES, readValue } from '#bridge/protocols/modbus/register-value.ts';
import { rtuFraming } from '#bridge/protocols/modbus/rtu-framing.ts';
import { tcpFraming } from '#bridge/protocols/modbus/tcp-framing.ts';
import { decodeModel } from '#bridge/protocols/sunspec/decode-model.ts';
import { loadModels } from '#bridge/protocols/sunspec/model-table.ts';
import { ModelWalk } from '#bridge/protocols/sunspec/model-walk.ts';
import { keyOfPoint, POINT_KEYS } from '#bridge/protocols/sunspec/point-keys.ts';
import { VedirectSplitter } from '#bridge/protocols/vedirect/frame-splitter.ts';
import { decodeHexFrame, registerAnswer } from '#bridge/protocols/vedirect/hex-frame.ts';
import { HEX_REGISTERS, readRegister } from '#bridge/protocols/vedirect/hex-registers.ts';
import { readField, TEXT_FIELDS } from '#bridge/protocols/vedirect/text-fields.ts';
import { keyFault } from '#bridge/reading-key.ts';
import { type FuzzTarget, promise, textOf, utf8 } from '../contract.ts';
import { joined } from '../mutator.ts';

/** A block that must be read whatever came before the one in front of it. */
const PROBE = vedirectBlock('\r\nV\t12800\r\nPID\t0xA053');

/** VE.Direct, as a serial port gives it. */
export const vedirect: FuzzTarget = {
  name: 'vedirect',
  about: 'text blocks and HEX frames of VE.Direct, in pieces as a port gives them',
  shape: 'bytes',
  prefixBytes: 1,
  bytesMax: 1_500,
  weight: 20,
  words: ['\r\n', '\t', 'Checksum\t', ':', '\r\nV\t', '\r\nSOC\t---', '\r\nSER#\t'],
  reaches: ['block', 'checksum', 'malformed', 'hex', 'nothing'],
  seeds: () =>
    [
      PROBE,
      vedirectBlock('\r\nSOC\t876\r\nT\t---\r\nAlarm\tOFF\r\nTTG\t-1'),
      joined(PROBE.subarray(0, 12), utf8(':7DBED00C40CBE\n'), PROBE.subarray(12)),
      utf8('\r\nV\t1\r\nChecksum\tA'),
      utf8(':70010003E\n'),
      utf8('\r\nV\t1\r\nV\t2\r\nChecksum\tA'),
      utf8('V'),
    ].map((bytes) => joined(Uint8Array.of(3), bytes)),
  prepare: () => (input) => {
    const bytes = input.subarray(1);
    const splitter = new VedirectSplitter();
    const whole = splitter.push(bytes);
    const pieces = new VedirectSplitter();
    const found = [];
    const step = 1 + (input[0] ?? 0);
    for (let at = 0; at < bytes.length; at += step) found.push(...pieces.push(bytes.subarray(at, at + step)));
    promise(isDeepStrictEqual(found, whole), 'another block where the port cuts elsewhere');
    for (const frame of whole) {
      if (frame.kind === 'block') checkFields(frame.fields);
      else if (frame.kind === 'hex') checkHex(frame.text);
    }
    splitter.push(PROBE);
    promise(splitter.push(PROBE).at(-1)?.kind === 'block', 'more than one block lost');
    const [first] = whole;
    if (first === undefined) return 'nothing';
    return first.kind === 'damaged' ? first.fault : first.kind;
  },
};

function checkFields(fields: ReadonlyMap<string, string>): void {
  promise(fields.size <= 32, 'a block without end');
  for (const [label, text] of fields) {
    promise(/^[!-~]{1,16}$/.test(label), 'a label that is none');
    const field = TEXT_FIELDS.get(label);
    const read = field === undefined ? undefined : readField(field, text);
    if (read?.kind !== 'value' || typeof read.value !== 'number') continue;
    promise(Number.isFinite(read.value), 'a number that is none');
  }
}

function checkHex(text: string): void {
  const answer = registerAnswer(decodeHexFrame(text));
  if (answer === undefined || !('data' in answer)) return;
  for (const register of HEX_REGISTERS) {
    const value = readRegister(register, answer.data);
    promise(typeof value !== 'number' || Number.isFinite(value), 'a number that is none');
  }
}

function vedirectBlock(text: string): Uint8Array {
  const body = utf8(`${text}\r\nChecksum\t`);
  const sum = body.reduce((total, byte) => total + byte, 0);
  return joined(body, Uint8Array.of((256 - (sum % 256)) % 256));
}

const READ: ReadRequest = { unitId: 1, table: 'holding', address: 0x6b, count: 3 };
const RTU_ANSWER = Uint8Array.of(1, 3, 6, 2, 0x2b, 0, 0, 0, 0x64, 5, 0x7a);
const TCP_ANSWER = Uint8Array.of(0, 1, 0, 0, 0, 9, 1, 3, 6, 2, 0x2b, 0, 0, 0, 0x64);

/** Answers of Modbus devices: the first byte of the input says by which framing, and how it is cut. */
export const modbus: FuzzTarget = {
  name: 'modbus',
  about: 'what may be the answer to a Modbus request, by serial line and by TCP, in pieces',
  shape: 'bytes',
  prefixBytes: 1,
  bytesMax: 800,
  weight: 20,
  reaches: ['data', 'exception', 'collision', 'nothing'],
  seeds: () =>
    [
      [0, ...RTU_ANSWER],
      [0, 9, 1, 3, 6, 1, 0x83, ...RTU_ANSWER],
      [0, 1, 0x83, 2, 0xc0, 0xf1],
      [0, 1, 3, 0, 0, 0, 3, 5, 0xcb, ...RTU_ANSWER],
      [0, 1, 3, 0, 0x6b, 0, 3, 0x74, 0x17, ...RTU_ANSWER],
      [1, ...TCP_ANSWER],
      [1, 0, 1, 0, 0, 0, 255, 1, 3, ...TCP_ANSWER],
      [1, 0, 9, 0, 0, 0, 3, 1, 0x83, 2, 0, 1, 0, 0, 0, 3, 1, 0x83, 2],
      [0],
    ].map((bytes) => Uint8Array.from(bytes)),
  prepare: () => (input) => {
    const [how = 0] = input;
    const isSerial = how % 2 === 0;
    const bytes = input.subarray(1);
    const framing = isSerial ? rtuFraming : tcpFraming;
    const whole = new AnswerScanner(framing);
    whole.request(READ);
    const found = whole.push(bytes);
    const pieces = new AnswerScanner(framing);
    pieces.request(READ);
    let piece: Scanned | undefined;
    const step = 1 + (how >> 1);
    for (let at = 0; at < bytes.length && piece === undefined; at += step)
      piece = pieces.push(bytes.subarray(at, at + step));
    promise(isDeepStrictEqual(piece, found), 'another answer where the port cuts elsewhere');
    if (found?.kind === 'data') checkRegisters(found.data);
    whole.request(READ);
    // Whoever else asked has given up; but the garbage may end with the beginning of a request that the answer completes.
    whole.forgetForeign();
    const heard = whole.counters().foreignRequests;
    const probe = isSerial ? RTU_ANSWER : Uint8Array.of(0, 2, ...TCP_ANSWER.subarray(2));
    const probed = whole.push(probe)?.kind;
    const isContended = probed === 'collision' && whole.counters().foreignRequests > heard;
    promise(probed === 'data' || isContended, 'an answer that was not found after garbage');
    return found?.kind ?? 'nothing';
  },
};

function checkRegisters(data: Uint8Array): void {
  promise(data.length === 6, 'an answer of another size');
  for (const type of [...NUMBER_TYPES, 'text'] as const) {
    for (const order of BYTE_ORDERS) {
      const value = readValue({ type, order, length: 3 }, data);
      promise(typeof value !== 'string' || !/\p{Cc}/u.test(value), 'a text that speaks to a terminal');
    }
  }
}

/** Registers of SunSpec devices: the first two bytes of the input are the model's id. */
export const sunspec: FuzzTarget = {
  name: 'sunspec',
  about: 'registers of SunSpec models, and lists of models',
  shape: 'bytes',
  prefixBytes: 2,
  bytesMax: 700,
  weight: 10,
  reaches: ['points', 'faults', 'nothing', 'no model'],
  seeds: () => [
    joined(Uint8Array.of(0, 103), new Uint8Array(104)),
    joined(Uint8Array.of(0, 1, 0, 1, 0, 66, 0x41), new Uint8Array(131)),
    joined(Uint8Array.of(0, 160), new Uint8Array(20).fill(1)),
    joined(Uint8Array.of(2, 0xc1), new Uint8Array(120).fill(2)),
    joined(Uint8Array.of(3, 0x23), new Uint8Array(200).fill(1)),
    joined(Uint8Array.of(0, 103), new Uint8Array(104).fill(0xff)),
    Uint8Array.of(0x53, 0x75, 0x6e, 0x53, 0, 1, 0, 66, 0xff, 0xff, 0, 0),
  ],
  prepare: async () => {
    const models = await loadModels();
    return (input) => {
      walkOver(input);
      const model = models.get(((input[0] ?? 0) << 8) | (input[1] ?? 0));
      if (model === undefined) return 'no model';
      const { points, faults } = decodeModel(model, evenPart(input.subarray(2)));
      promise(points.length <= 20_000 && faults.length <= 20_000, 'points without end');
      promise(new Set(points.map(({ path }) => path)).size === points.length, 'two points of one name');
      for (const { path, value } of points) {
        promise(typeof value !== 'number' || Number.isFinite(value), 'a number that is none');
        promise(typeof value !== 'string' || !/\p{Cc}/u.test(value), 'a text that speaks to a terminal');
        const key = keyOfPoint(POINT_KEYS, model.id, path);
        promise(key === undefined || keyFault(key) === undefined, 'a key that is none');
      }
      if (faults.length > 0) return 'faults';
      return points.length > 0 ? 'points' : 'nothing';
    };
  },
};

/** Walks over the input as over a device's registers from 40000 on. */
function walkOver(input: Uint8Array): void {
  const walk = new ModelWalk();
  let steps = 0;
  for (let step = walk.next(); step !== undefined; step = walk.next()) {
    steps += 1;
    const at = 2 * (step.address - 40_000);
    const data = at >= 0 && at + 4 <= input.length ? input.subarray(at, at + 4) : undefined;
    walk.take(data);
  }
  promise(steps <= 70, 'a walk without end');
  for (const { address, length } of walk.models())
    promise(address + length + 2 <= 65_536, 'a model beyond the end');
}

function evenPart(data: Uint8Array): Uint8Array {
  return data.subarray(0, data.length - (data.length % 2));
}

/** Files that somebody sent in: what went over a port. */
export const capture: FuzzTarget = {
  name: 'capture',
  about: 'capture files of ports',
  shape: 'text',
  bytesMax: 800,
  weight: 15,
  words: [
    '{"format":"gridvine.capture/1","address":"/dev/ttyUSB0"}\n',
    '{"atMs":',
    ',"in":"',
    ',"out":"',
    '"event":"closed"',
    '"fault":"lost"',
    '\n',
  ],
  reaches: ['entries', 'empty', 'line 1', 'line'],
  seeds: () => {
    const head = encodeCaptureHead({ address: '/dev/ttyUSB0', startedAtMs: 0 });
    const bytes = Uint8Array.of(1, 2, 255);
    const lines = [
      encodeCaptureEntry({ atMs: 0, kind: 'opened' }),
      encodeCaptureEntry({ atMs: 1.5, kind: 'in', bytes }),
      encodeCaptureEntry({ atMs: 2, kind: 'out', bytes }),
      encodeCaptureEntry({ atMs: 9, kind: 'closed', fault: 'lost', detail: 'gone' }),
    ];
    return [
      head,
      '',
      `${head}${lines.join('')}`,
      `${head}${lines[1]}{"atMs":1}\n`,
      `${head}\n${lines[0]}{`,
    ].map(utf8);
  },
  prepare: () => (input) => {
    const parsed = parseCapture(textOf(input));
    if (parsed.kind === 'problem') return parsed.text.startsWith('line 1:') ? 'line 1' : 'line';
    const again = parseCapture(
      `${encodeCaptureHead({ address: parsed.address, startedAtMs: 0 })}${parsed.entries.map(encodeCaptureEntry).join('')}`,
    );
    promise(isDeepStrictEqual(again, parsed), 'another capture when it is written and read again');
    return parsed.entries.length > 0 ? 'entries' : 'empty';
  },
};
