import { createHmac } from 'node:crypto';
import { readCbor, sha256 } from './independent.ts';

/** Section 17, read a second time from the specification. */

type Fields = readonly unknown[];

const read = (hex: string) => readCbor(Buffer.from(hex, 'hex'))?.value;
const isBytes = (value: unknown, length: number) => value instanceof Uint8Array && value.length === length;
const isUint = (value: unknown, max = 2 ** 53 - 1) =>
  (typeof value === 'number' || typeof value === 'bigint') && value >= 0 && value <= max;

/** [P-17.1, P-17.2] null: it is no roster. */
export function rosterMark(hex: string): string | null {
  const value = read(hex);
  if (!Array.isArray(value) || value.length < 3) return null;
  const [version, voters, previous] = value as [unknown, unknown, unknown];
  const isSet = (set: unknown, min: number) =>
    Array.isArray(set) &&
    set.length >= min &&
    set.length <= 7 &&
    set.every((id) => isBytes(id, 16)) &&
    new Set(set.map((id) => Buffer.from(id as Uint8Array).toString('hex'))).size === set.length;
  if (!isUint(version, 2 ** 32 - 1) || Number(version) < 1 || !isSet(voters, 1) || !isSet(previous, 0))
    return null;
  const label = Buffer.from('gridvine/1 lease roster');
  return sha256(Buffer.concat([label, Buffer.from(hex, 'hex')]))
    .subarray(0, 8)
    .toString('hex');
}

/** [P-17.9] */
export function isReport(hex: string): boolean {
  const value = read(hex);
  if (!Array.isArray(value)) return false;
  const [holder, boot, fence, ballot, ttl, stands, version] = value as Fields;
  return (
    isBytes(holder, 16) &&
    isUint(boot, 2 ** 20 - 1) &&
    isUint(fence, 2 ** 52) &&
    isUint(ballot, 2 ** 52) &&
    isUint(ttl, 60_000) &&
    typeof stands === 'boolean' &&
    isUint(version, 2 ** 32 - 1)
  );
}

/** [P-17.3, P-17.5, P-17.6] */
export function isMessage(hex: string): boolean {
  const value = read(hex);
  if (!Array.isArray(value)) return false;
  const fields = value as Fields;
  return Number(fields[0]) === 13 ? isAsk(fields) : Number(fields[0]) === 14 && isAnswer(fields);
}

function isAsk([
  ,
  number,
  operation,
  name,
  claim,
  ballot,
  fence,
  ttl,
  version,
  mark,
  dest,
  mac,
]: Fields): boolean {
  const isClaim = Number(operation) === 0;
  const isNamed = typeof name === 'string' && /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name);
  return (
    isUint(number) &&
    isUint(operation, 2) &&
    (isNamed || Number(operation) === 2) &&
    isBytes(claim, 8) &&
    isUint(ballot, 2 ** 52) &&
    isUint(fence, 2 ** 52) &&
    isUint(ttl, 60_000) &&
    (!isClaim || (Number(ballot) >= 1 && Number(ttl) >= 2_000)) &&
    isUint(version, 2 ** 32 - 1) &&
    isBytes(mark, 8) &&
    isUint(dest, 2 ** 52) &&
    (mac === undefined || isBytes(mac, 16))
  );
}

function isAnswer([, number, verdict, top, left, version, mac]: Fields): boolean {
  return (
    isUint(number) &&
    isUint(verdict) &&
    isUint(top, 2 ** 52) &&
    isUint(left) &&
    isUint(version, 2 ** 32 - 1) &&
    (mac === undefined || isBytes(mac, 16))
  );
}

/** [P-17.7] */
export function leaseMac(about: {
  readonly key: string;
  readonly sender: string;
  readonly destination: string;
  readonly boot: number;
  readonly message: string;
}): string {
  const boot = Buffer.alloc(4);
  boot.writeUInt32BE(about.boot);
  const head = [Buffer.of(8), Buffer.from(about.sender, 'hex'), Buffer.from(about.destination, 'hex'), boot];
  return createHmac('sha256', Buffer.from(about.key, 'hex'))
    .update(Buffer.concat([...head, Buffer.from(about.message, 'hex')]))
    .digest()
    .subarray(0, 16)
    .toString('hex');
}
