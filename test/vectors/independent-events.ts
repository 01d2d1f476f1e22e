import { readCbor } from './independent.ts';

/** Section 18, read a second time from the specification. */

type Fields = readonly unknown[];

const read = (hex: string) => readCbor(Buffer.from(hex, 'hex'))?.value;
const isBytes = (value: unknown, length: number) => value instanceof Uint8Array && value.length === length;
const isUint = (value: unknown, max = 2 ** 52) =>
  (typeof value === 'number' || typeof value === 'bigint') && value >= 0 && value <= max;
const isNumber = (value: unknown) =>
  isUint(value) && Number(value) >= 2 ** 32 && Number(value) % 2 ** 32 >= 1;
const isPatterns = (value: unknown) =>
  Array.isArray(value) && value.length <= 16 && value.every((p) => typeof p === 'string' && p.length <= 128);

/** [P-18.1, P-18.2] */
export function isEvent(hex: string, version: number): boolean {
  const value = read(hex);
  if (!Array.isArray(value) || value.length < 7) return false;
  const [number, life, told, before, window, name, , question = null] = value as Fields;
  return (
    isNumber(number) &&
    Math.floor(Number(number) / 2 ** 32) <= Math.floor(version / 2 ** 32) &&
    isUint(before) &&
    Number(before) < Number(number) &&
    isUint(life, 2 ** 32 - 1) &&
    isUint(told, 2 ** 32 - 1) &&
    Number(told) < Number(number) % 2 ** 32 &&
    isUint(window, 3_600_000) &&
    Number(window) >= 100 &&
    typeof name === 'string' &&
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/.test(name) &&
    (question === null || isQuestion(question))
  );
}

function isQuestion(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [ack, nodes, tags, groups] = value as Fields;
  const isPair = (pair: unknown) => isPatterns(pair) && (pair as Fields).length >= 2;
  const areTags = Array.isArray(tags) && tags.length <= 16 && tags.every(isPair);
  return typeof ack === 'boolean' && isPatterns(nodes) && areTags && isPatterns(groups);
}

/** [P-18.10, P-18.11] */
export function isMessage(hex: string): boolean {
  const value = read(hex);
  if (!Array.isArray(value)) return false;
  const fields = value as Fields;
  const [code, asker, number, from, verdict] = fields;
  const isFor = isBytes(asker, 16) && isUint(number) && isBytes(from, 16) && isUint(verdict, 2 ** 53 - 1);
  const hasMac = (mac: unknown) => mac === undefined || isBytes(mac, 16);
  if (Number(code) === 17) return isFor && hasMac(fields[5]);
  return Number(code) === 16 && isFor && isUint(fields[6], 2 ** 53 - 1) && hasMac(fields[7]);
}

/** [P-18.7] */
export function fits(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`).test(text);
}
