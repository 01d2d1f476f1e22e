import { isDeepStrictEqual } from 'node:util';
import { isNodeId } from '#runtime/core/ids.ts';
import { DIGEST_BUCKETS, RECORD_BYTES_MAX, VALUE_PART_BYTES } from '#runtime/core/limits.ts';
import { BOOT_MAX } from '#runtime/core/version.ts';
import { BodyBuilder, decodeBody } from '#runtime/wire/body.ts';
import type { Block, Line, Message } from '#runtime/wire/message.ts';
import { LEASE_MAC_BYTES } from '#runtime/wire/messages/lease.ts';
import { MAC_BYTES } from '#runtime/wire/messages/mac.ts';
import { VERSION_MAX } from '#runtime/wire/schema.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { hexOf } from '../fixtures.ts';

/** A datagram's content, and in it every message: what is accepted is within its limits, and comes back as it was. */
export const body: FuzzTarget = {
  name: 'body',
  about: 'bodies of datagrams with every message',
  shape: 'cbor',
  bytesMax: 1_400,
  weight: 40,
  reaches: [
    ...[
      'refused',
      'ping',
      'ack',
      'ping-req',
      'nack',
      'gone',
      'join',
      'presence',
      'blocks',
      'digest',
      'buckets',
    ],
    ...['have', 'want', 'lease-ask', 'lease-answer', 'value-want', 'value-part', 'empty', 'unknown'],
  ],
  seeds: () => hexOf('bodies.json', 'body'),
  prepare: () => (input) => {
    const before = input.slice();
    const decoded = decodeBody(input);
    promise(isDeepStrictEqual(input, before), 'the decoder changes its input');
    if (decoded === undefined) return 'refused';
    promise(isNodeId(decoded.sender), 'a sender that is no id');
    promise(isWithin(decoded.boot, 1, BOOT_MAX), 'a boot out of range');
    const builder = new BodyBuilder(decoded.sender, decoded.boot, 65_536);
    for (const message of decoded.messages) {
      checkMessage(message);
      promise(builder.tryAdd(message), 'decoded, but not encodable');
    }
    const encoded = builder.finish();
    promise(encoded.length <= input.length || decoded.messages.some(hasPadding), 'longer when encoded again');
    const again = decodeBody(encoded);
    promise(
      isDeepStrictEqual(again, { ...decoded, unknown: 0 }),
      'not the same when encoded and decoded again',
    );
    if (decoded.unknown > 0) return 'unknown';
    return decoded.messages[0]?.type ?? 'empty';
  },
};

/** The padding of a join may be written as any bytes, of which zeros are no longer. */
function hasPadding(message: Message): boolean {
  return message.type === 'join';
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max && !Object.is(value, -0);
}

const isUint32 = (value: number) => isWithin(value, 0, 0xffff_ffff);
const isUint = (value: number) => isWithin(value, 0, Number.MAX_SAFE_INTEGER);
const isVersion = (value: number) => isWithin(value, 0, VERSION_MAX);

function isMac(mac: Uint8Array | undefined, bytes = MAC_BYTES): boolean {
  return mac === undefined || mac.length === bytes;
}

/** @throws BrokenPromise where a message is out of what [P-5] and [P-6] allow. */
function checkMessage(message: Message): void {
  if ('seq' in message) promise(isUint32(message.seq), 'a seq out of range');
  const macBytes = message.type.startsWith('lease') ? LEASE_MAC_BYTES : MAC_BYTES;
  if ('mac' in message) promise(isMac(message.mac, macBytes), 'a MAC of another length');
  switch (message.type) {
    case 'ping':
      promise(isWithin(message.destBoot, 0, BOOT_MAX), 'a boot out of range');
      if (message.relay === undefined) return;
      promise(
        isWithin(message.relay.boot, 1, BOOT_MAX) && isUint32(message.relay.seq),
        'a relay out of range',
      );
      promise(isNodeId(message.relay.requester) && isMac(message.relay.mac), 'a relay of other types');
      return;
    case 'ack':
      promise(message.uptimeMs === undefined || isUint(message.uptimeMs), 'an uptime out of range');
      promise(message.answer === undefined || isUint(message.answer.uptimeMs), 'an answer out of range');
      return;
    case 'ping-req':
      promise(isWithin(message.targetBoot, 0, BOOT_MAX) && isNodeId(message.target), 'a target out of range');
      promise(isWithin(message.endpoint.port, 0, 65_535), 'a port out of range');
      promise(isMac(message.challenge), 'a challenge of another length');
      return;
    case 'carry':
      promise(isNodeId(message.from) && isNodeId(message.to), 'a sender or destination that is no id');
      promise(isWithin(message.boot, 1, BOOT_MAX), 'a boot out of range');
      checkMessage(message.message);
      return;
    case 'gone':
      promise(isWithin(message.boot, 1, BOOT_MAX), 'a boot out of range');
      return;
    case 'presence':
      promise(
        isUint(message.uptimeMs) && isUint(message.heard) && isUint(message.nextMs),
        'a time out of range',
      );
      promise(isVersion(message.nodeVersion) && message.tableHash.length === 8, 'a presence out of range');
      promise(message.link === undefined || message.link.length === 16, 'a link of another length');
      return;
    case 'blocks':
      for (const block of message.blocks) checkBlock(block);
      return;
    case 'digest':
    case 'want':
      for (const line of message.lines) checkLine(line);
      return;
    case 'value-want':
      promise(message.hash.length === 32 && isWithin(message.parts, 1, 0xffff), 'a want out of range');
      return;
    case 'value-part':
      promise(message.hash.length === 32 && isWithin(message.part, 0, 15), 'a part out of range');
      promise(message.bytes.length <= VALUE_PART_BYTES, 'a part longer than any');
      return;
    case 'have':
      for (const line of message.lines) checkLine(line);
      promise(
        message.buckets.every((bucket) => isWithin(bucket, 0, DIGEST_BUCKETS - 1)),
        'a bucket out of range',
      );
      return;
    default:
  }
}

function checkLine({ owner, known, gc }: Line): void {
  promise(isNodeId(owner) && isVersion(known) && isVersion(gc), 'a line out of range');
}

function checkBlock(block: Block): void {
  const { owner, from, to, gc } = block;
  promise(isNodeId(owner) && isVersion(from) && isVersion(to) && isVersion(gc), 'a block out of range');
  promise(from <= to, 'a block that ends before it begins');
  for (const item of block.proof === undefined ? block.items : [...block.items, block.proof]) {
    promise(item.body.length <= RECORD_BYTES_MAX, 'a record longer than any');
    promise(isUint(item.ageMs), 'an age out of range');
  }
}
