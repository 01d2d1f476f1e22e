import { fromHex } from '#runtime/core/ids.ts';
import { type Finding, fails, judge, type Requirement } from './requirement.ts';
import type { Visitor } from './visitor.ts';
import type { World } from './world.ts';

/** The optional elements of a ping, which nobody looks at under a pre-shared key: what is further stands behind them. */
const MAC = `48${'00'.repeat(8)}`;
const RELAY = `8450${'00'.repeat(16)}0100${MAC}`;

/** Section 4: bodies outside of the bounds. Each holds a good ping before the flaw. */
export const CBOR_CHECKS: readonly Requirement[] = [
  flawed('depth at most 8', '82186381818181818100', '8218638181818181818100'),
  flawed(
    'definite lengths only',
    undefined,
    '9f1863ff',
    '8218639f00ff',
    '821863bf610000ff',
    '8218637f6161ff',
  ),
  flawed(
    'integers and lengths in their shortest form',
    '8218631818',
    '8218631817',
    '821863390001',
    '821863580101',
  ),
  flawed(
    'text in valid UTF-8 without a byte order mark',
    '82186362c3bc',
    '82186361ff',
    '82186363eda080',
    '82186364efbbbf61',
  ),
  flawed('no duplicate keys in a map', '821863a201000200', '821863a201000100', '821863a3616200616100616200'),
  flawed('map keys are uint or tstr', '821863a20100616100', '821863a12000', '821863a1410000'),
  flawed('no tags', undefined, '821863c100', '821863d81c81d81d00'),
  flawed('no simple values but false, true and null', '841863f4f5f6', '821863f7', '821863f0', '821863f820'),
  flawed('floats are finite', '821863f93c00', '821863f97e00', '821863fa7f800000', '821863fbfff0000000000000'),
  {
    id: 'P-4.1',
    sentence: 'Nothing stands behind the end of the body.',
    check: async (world) => {
      const { seq, body } = bodyOf(world.writer, []);
      return refused(world, [{ seq, body: Buffer.concat([body, Buffer.of(0)]) }]);
    },
  },
  {
    id: 'P-3.5',
    sentence: 'A body of another shape than its schema is dropped whole.',
    check: (world) =>
      refused(
        world,
        ['8101', '83010180', '82026161', '820301', '83050100', '820820', '81f6', '8120', '00', '80'].map(
          (flaw) => bodyOf(world.writer, [flaw]),
        ),
      ),
  },
  {
    id: 'P-4.2',
    sentence: 'Further elements at the end of an array are ignored.',
    check: (world) => taken(world, (seq) => [`87011a${hexOf(seq)}00${MAC}${RELAY}63616263a10000`]),
  },
  {
    id: 'P-4.3',
    sentence: 'Messages of unknown types are ignored, and what stands beside them is read.',
    check: (world) =>
      taken(world, (seq) => ['811863', `8219ffff830102a0`, `83011a${hexOf(seq)}00`, '811864']),
  },
];

/** One bound of [P-4.1]: an unknown message within it is ignored, one beyond it drops the datagram. */
function flawed(bound: string, good: string | undefined, ...bad: readonly string[]): Requirement {
  return {
    id: 'P-4.1',
    sentence: `Bodies keep the bounds of CBOR: ${bound}.`,
    check: async (world) => {
      if (good !== undefined) {
        const { seq, body } = bodyOf(world.writer, [good]);
        const echoed = await world.echoed(world.writer, [{ seq, bytes: world.writer.forge(body) }]);
        if (echoed?.size !== 1) return fails(`dropped although it keeps them: ${good}`);
      }
      return refused(
        world,
        bad.map((flaw) => bodyOf(world.writer, [flaw])),
      );
    },
  };
}

async function refused(world: World, bodies: readonly { seq: number; body: Uint8Array }[]): Promise<Finding> {
  const datagrams = bodies.map(({ seq, body }) => ({ seq, bytes: world.writer.forge(body) }));
  const echoed = await world.echoed(world.writer, datagrams);
  if (echoed === undefined) return fails('afterwards the peer answered no good ping');
  return judge(echoed.size === 0, `${datagrams.length} sent, ${echoed.size} answered`);
}

async function taken(world: World, make: (seq: number) => readonly string[]): Promise<Finding> {
  const seq = world.writer.drawSeq() | 0x8000_0000;
  const messages = make(seq >>> 0);
  const body = assembled(world.writer, messages);
  const echoed = await world.echoed(world.writer, [{ seq: seq >>> 0, bytes: world.writer.forge(body) }]);
  return judge(echoed?.size === 1, echoed?.size === 1 ? 'the ping beside it was answered' : 'not answered');
}

/** A good ping, and after it messages as hex. */
function bodyOf(visitor: Visitor, messages: readonly string[]): { seq: number; body: Uint8Array } {
  const seq = (visitor.drawSeq() | 0x8000_0000) >>> 0;
  return { seq, body: assembled(visitor, [`83011a${hexOf(seq)}00`, ...messages]) };
}

function assembled(visitor: Visitor, messages: readonly string[]): Uint8Array {
  const head = 0x80 | (2 + messages.length);
  return Buffer.concat([
    Buffer.of(head, 0x50),
    fromHex(visitor.id),
    Buffer.of(visitor.boot),
    ...messages.map((message) => Buffer.from(message, 'hex')),
  ]);
}

function hexOf(seq: number): string {
  return seq.toString(16).padStart(8, '0');
}
