import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recorder } from '#runtime/testing/transport-suite.ts';
import { InterfaceTable, readInterfaces } from '#runtime/transport/interface-table.ts';
import { ProcReader, SocketDrops, type SocketTableReader } from '#runtime/transport/socket-drops.ts';
import { UdpUnicast } from '#runtime/transport/udp-unicast.ts';
import { eventually } from '../../../support/eventually.ts';

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';
const row = (local: string, inode: number, drops: number | string) =>
  ` 4711: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 2 0000000000000000 ${drops}\n`;

const ETH0 = { link: 'eth0', address: '10.0.0.1', port: 18262 };
const LO6 = { link: 'lo', address: '::1', port: 18262 };
const GROUP = { link: 'wlan0', address: '239.255.71.86', port: 18262 };

/** A kernel whose tables the test writes; rows are as a little-endian machine prints them. */
class Kernel implements SocketTableReader {
  udp = '';
  udp6 = '';
  own = new Set<string>();

  table(family: 4 | 6): string {
    return HEAD + (family === 4 ? this.udp : this.udp6);
  }

  ownInodes(): ReadonlySet<string> {
    return this.own;
  }
}

test('what a link lost since the last look is told once', () => {
  const kernel = new Kernel();
  const drops = new SocketDrops(kernel);
  kernel.udp = row('0100000A:4756', 7, 0) + row('0200000A:4756', 8, 99);
  kernel.udp6 = row('00000000000000000000000001000000:4756', 9, 3);
  assert.deepEqual([...drops.poll([ETH0, LO6])], [['lo', 3]]);
  assert.deepEqual([...drops.poll([ETH0, LO6])], []);
  kernel.udp = row('0100000A:4756', 7, 5);
  assert.deepEqual([...drops.poll([ETH0, LO6])], [['eth0', 5]]);
});

test('a socket that was opened again begins at zero', () => {
  const kernel = new Kernel();
  const drops = new SocketDrops(kernel);
  kernel.udp = row('0100000A:4756', 7, 50);
  drops.poll([ETH0]);
  kernel.udp = row('0100000A:4756', 70, 2);
  assert.deepEqual([...drops.poll([ETH0])], [['eth0', 2]]);
});

test("of a group's sockets, which several processes share, only our own count", () => {
  const kernel = new Kernel();
  kernel.udp = row('5647FFEF:4756', 7, 1) + row('5647FFEF:4756', 8, 10) + row('5647FFEF:4757', 9, 100);
  kernel.own = new Set(['8']);
  assert.deepEqual([...new SocketDrops(kernel).poll([GROUP])], [['wlan0', 10]]);
});

test('a table that is not there, hidden or strange counts nothing', () => {
  const kernel = new Kernel();
  const missing = { table: () => assert.fail('ENOENT'), ownInodes: () => kernel.own };
  assert.equal(new SocketDrops(missing).poll([ETH0]).size, 0);
  const tables = [row('0100000A:4756', 7, 'x'), '0100000A:4756', row('0100000A:47560', 7, 5), '\n\n'];
  for (const table of tables) {
    kernel.udp = table;
    assert.equal(new SocketDrops(kernel).poll([ETH0]).size, 0, table);
  }
});

test("a real socket's overflow is seen on this machine", async () => {
  const interfaces = () => new InterfaceTable(readInterfaces());
  const make = () => new UdpUnicast({ bind: [{ address: '127.0.0.1', port: 0, link: 'lo' }], interfaces });
  const [sender, receiver] = [make(), make()];
  const heard = new Recorder();
  await sender.open(new Recorder());
  await receiver.open(heard);
  const drops = new SocketDrops(new ProcReader({ freshMs: 0 }));
  assert.equal(drops.poll(receiver.bound).size, 0);
  const [endpoint] = receiver.endpoints;
  const bytes = new Uint8Array(1_200);
  // Sends are carried out within the call, receiving waits for the loop: so its queue has to overflow.
  const count = Math.ceil((2 * receiver.recvBufferBytes) / bytes.length);
  for (let i = 0; i < count; i++) sender.send({ kind: 'unicast', endpoint: endpoint! }, bytes, 'data');
  const lost = await eventually(() => drops.poll(receiver.bound).get('lo'));
  await eventually(() => heard.received.length > 0);
  assert.ok(lost > 0 && lost < count, `${lost} of ${count}`);
  await sender.close();
  await receiver.close();
});
