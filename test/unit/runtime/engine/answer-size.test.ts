import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfPadding, paddingFor } from '#runtime/engine/answer-size.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Message, Ping } from '#runtime/wire/message.ts';
import { bodyOf } from '../../../support/wire.ts';

const BOOTS = [1, 7, 23, 24, 239, 240, 255, 256, 65_519, 65_535, 65_536, 2 ** 20 - 1];
const MAC = new Uint8Array(8);
const SEQ = 0xffff_ffff;
const RELAY = { requester: '11'.repeat(16), boot: 2 ** 20 - 1, seq: SEQ, mac: MAC };
const UPTIME_MS = 2 ** 53 - 1;

/** All that may answer a ping before its sender has proven itself. */
function answersOf({ mac, relay }: Ping, boot: number): Message[] {
  const gone: Message = { type: 'gone', seq: SEQ, boot, ...(mac && { mac }) };
  if (mac === undefined) return [{ type: 'ack', seq: SEQ }, gone];
  const answer = relay && { answer: { uptimeMs: UPTIME_MS, mac } };
  return [{ type: 'ack', seq: SEQ, uptimeMs: UPTIME_MS, mac, ...answer }, gone];
}

test('[P-6.28] a padded ping is as long as whatever answers it, whichever boots the two have', () => {
  let exact = 0;
  for (const own of BOOTS)
    for (const target of BOOTS)
      for (const destBoot of [0, target, Math.max(1, target - 16)])
        for (const extra of [{}, { mac: MAC }, { mac: MAC, relay: RELAY }]) {
          const ping: Ping = { type: 'ping', seq: SEQ, destBoot, ...extra };
          const builder = new BodyBuilder('aa'.repeat(16), own);
          builder.tryAdd(ping);
          const padding = paddingFor(builder.size, [ping]);
          const before = builder.size;
          if (padding !== undefined) builder.tryAdd(padding);
          assert.equal(builder.size - before, bytesOfPadding(padding));
          const lengths = answersOf(ping, target).map((answer) => bodyOf([answer], { boot: target }).length);
          const longest = Math.max(...lengths);
          assert.ok(builder.size >= longest, JSON.stringify({ own, target, ping }));
          if (builder.size === longest) exact++;
        }
  assert.ok(exact > 50, 'and often no longer');
});

test('nothing is padded but for pings, and no ping that has company enough', () => {
  assert.equal(paddingFor(20, []), undefined);
  assert.equal(paddingFor(200, [{ type: 'ping', seq: 1, destBoot: 0 }]), undefined);
});
