import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { SeededRandom } from '#runtime/core/random.ts';
import { makeVersion } from '#runtime/core/version.ts';
import { identityFromSeed } from '#runtime/crypto/identity.ts';
import { groupKeyOf, Keyring } from '#runtime/crypto/keyring.ts';
import { nobleProvider } from '#runtime/crypto/noble-provider.ts';
import { createNodeProvider } from '#runtime/crypto/node-provider.ts';
import type { CryptoProvider } from '#runtime/crypto/provider.ts';
import { BodyBuilder } from '#runtime/wire/body.ts';
import type { Item, Message } from '#runtime/wire/message.ts';
import { Opener } from '#runtime/wire/opener.ts';
import { decodeRecord, encodeRecord } from '#runtime/wire/record-codec.ts';
import { Sealer } from '#runtime/wire/sealer.ts';

/** What one datagram costs: encode and seal, open and decode, of a ping and of a delta of about 1 KB. */
interface Row {
  readonly provider: string;
  readonly message: string;
  readonly datagramBytes: number;
  readonly sendMicros: number;
  readonly receiveMicros: number;
}

const ROUNDS = 41;
const BATCH = 500;
const CLUSTER = 'bench';

function main(): void {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const rows = [createNodeProvider(), nobleProvider].flatMap((provider) => [
    measure({ provider, name: 'ping', messages: () => [{ type: 'ping', seq: 0x1234_5678, destBoot: 3 }] }),
    measure({ provider, name: 'delta of 1 KB', messages: delta }),
  ]);
  process.stdout.write(values.json ? `${JSON.stringify({ benchmark: 'codec', rows })}\n` : table(rows));
}

function measure(subject: { provider: CryptoProvider; name: string; messages: () => Message[] }): Row {
  const { provider } = subject;
  const random = new SeededRandom(1);
  const keyring = new Keyring(groupKeyOf(provider, random.bytes(32), CLUSTER));
  const [sender, self] = [1, 2].map(() => identityFromSeed(provider, random.bytes(32)).id);
  const sealer = new Sealer({ provider, cluster: CLUSTER, keyring, random });
  const opener = new Opener({ provider, cluster: CLUSTER, keyring, self });
  const messages = subject.messages();
  const sending: number[] = [];
  const receiving: number[] = [];
  let datagramBytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const datagrams: Uint8Array[] = [];
    const startMs = performance.now();
    for (let i = 0; i < BATCH; i++) {
      const body = new BodyBuilder(sender, 3);
      for (const message of messages) body.tryAdd(message);
      datagrams.push(sealer.sealTo(self, body.finish()));
    }
    const sentMs = performance.now();
    for (const datagram of datagrams) receive(opener, datagram);
    const receivedMs = performance.now();
    sending.push((1_000 * (sentMs - startMs)) / BATCH);
    receiving.push((1_000 * (receivedMs - sentMs)) / BATCH);
    datagramBytes = datagrams[0].length;
  }
  return {
    provider: provider.name,
    message: subject.name,
    datagramBytes,
    sendMicros: median(sending),
    receiveMicros: median(receiving),
  };
}

/** Opens, validates, and decodes each record, as an engine does with news. */
function receive(opener: Opener, datagram: Uint8Array): void {
  const result = opener.open(0, datagram);
  if (!('body' in result)) throw new Error('a datagram of the benchmark was dropped');
  for (const message of result.body.messages) {
    if (message.type !== 'blocks') continue;
    for (const { items } of message.blocks) for (const item of items) decodeRecord(item.body);
  }
}

/** Ten records of a plant's readings, and one text that fills up to 1 KB. */
function delta(): Message[] {
  const boot = 3;
  const item = (sequence: number, value: number | string): Item => ({
    ageMs: 40 * sequence,
    body: encodeRecord({
      version: makeVersion(boot, sequence),
      key: `inverter/${sequence}/power`,
      value,
      unit: 'W',
      ttlMs: 60_000,
      deleted: false,
      priority: 'normal',
      quality: 'good',
    }),
  });
  const items = Array.from({ length: 10 }, (_, i) => item(i + 1, 1_000 * Math.sin(i + 1)));
  const used = items.reduce((sum, each) => sum + each.body.length + 5, 0);
  items.push(item(11, 'x'.repeat(Math.max(0, 960 - used))));
  const to = makeVersion(boot, items.length);
  return [{ type: 'blocks', blocks: [{ owner: 'ab'.repeat(16), from: 0, to, gc: 0, items }] }];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(10 * sorted[sorted.length >> 1]) / 10;
}

function table(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, i) => (i < 2 ? cell.padEnd(15) : cell.padStart(15))).join(' ')}\n`;
  const head = line(['provider', 'message', 'datagram bytes', 'encode+seal us', 'open+decode us']);
  const body = rows.map((row) =>
    line([row.provider, row.message, ...[row.datagramBytes, row.sendMicros, row.receiveMicros].map(String)]),
  );
  return `${head}${body.join('')}medians of ${ROUNDS} batches of ${BATCH}\n`;
}

main();
