import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccuserView, WhyView } from '#runtime/core/why.ts';
import { FAKE_ID, memberView } from '../../../support/fake-node.ts';
import { type ApiHarness, startHarness } from '../api/harness.ts';
import { gridvine } from './run.ts';

const BARN = `b1${'0'.repeat(30)}`;
const BARN_TOO = `b2${'0'.repeat(30)}`;
const ROOF = `c0${'1'.repeat(30)}`;

function accuser(values: Partial<AccuserView> = {}): AccuserView {
  return {
    id: FAKE_ID,
    name: 'n3',
    stage: 'suspect',
    saidMs: 1_300,
    heardMs: 1_290,
    evidence: { waitedMs: 700, helpers: 3, nacks: 2, localHealth: 0, refusals: 0 },
    ...values,
  };
}

function whyView(values: Partial<WhyView> = {}): WhyView {
  const path = { transport: 'udp', address: '10.0.0.7', port: 18262 } as const;
  return {
    member: memberView({
      id: ROOF,
      name: 'roof',
      boot: 4,
      incarnation: 2,
      path,
      phi: 1.25,
      lastHeardMs: 3_000,
    }),
    stateMs: 65_000,
    heardBy: 'unicast',
    pathFrom: 'heard',
    roundTrip: { smoothedMs: 2.1, highMs: 6.3, timeoutMs: 100 },
    vouchedForMs: null,
    lastHelper: null,
    suspicion: null,
    retry: null,
    twin: null,
    verdicts: [],
    ...values,
  };
}

const SUSPECT = whyView({
  member: { ...whyView().member, state: 'suspect' },
  stateMs: 1_200,
  lastHelper: { id: BARN, name: 'barn' },
  suspicion: {
    accusers: [
      accuser(),
      accuser({
        id: BARN,
        name: BARN,
        evidence: { waitedMs: 200, helpers: 0, nacks: 0, localHealth: 3, refusals: 1 },
      }),
    ],
    confirmationsWanted: 3,
    confirmations: 1,
    refusedBy: 1,
    fallsInMs: 800,
  },
  verdicts: [
    {
      boot: 4,
      incarnation: 1,
      startedMs: 3_600_000,
      downMs: 3_598_700,
      endedMs: 3_590_000,
      end: 'refuted',
      accuserCount: 9,
      accusers: [accuser({ name: 'a-name-as-long-as-a-name-can-be-'.repeat(2), saidMs: 3_600_000 })],
    },
  ],
});

async function harness(t: Parameters<typeof startHarness>[0]): Promise<ApiHarness> {
  const api = await startHarness(t);
  api.node.others = [
    memberView({ id: BARN, name: 'barn' }),
    memberView({ id: BARN_TOO, name: 'barn', state: 'down' }),
    memberView({ id: ROOF, name: 'roof' }),
  ];
  api.node.evidence.set(ROOF, whyView());
  return api;
}

describe('why', () => {
  test('finds a node by name, by id, and by the first digits of its id', async (t) => {
    const api = await harness(t);
    for (const node of ['roof', ROOF, ROOF.toUpperCase(), 'c0', 'c']) {
      const { code, stdout } = await gridvine(['why', node, '--json', '--socket', api.socket]);
      assert.equal(code, 0, node);
      assert.equal(JSON.parse(stdout).member.id, ROOF);
    }
  });

  test('says of an identity that lives twice where it does, who says so, and the next step', async (t) => {
    const api = await harness(t);
    const lives = [{ boot: 5, endpoint: { transport: 'udp', address: '10.0.0.7', port: 18262 } }] as const;
    const twin = { sinceMs: 4_000, lives, witnesses: [{ id: BARN, name: 'barn' }] };
    api.node.evidence.set(ROOF, whyView({ twin }));
    const { stdout } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /its identity runs at 10\.0\.0\.7:18262 \(boot 5\) for 4s, seen by barn: stop one of the two, or run `gridvine rekey` on the copy/,
    );
    const { stdout: json } = await gridvine(['why', 'roof', '--json', '--socket', api.socket]);
    assert.deepEqual(JSON.parse(json).twin, twin);
  });

  test('lists all ways to a member and which of them work, or through whom it is reached', async (t) => {
    const api = await harness(t);
    const place = { address: '10.0.0.7', port: 18262 };
    const paths = [
      { endpoint: { transport: 'udp', ...place }, standing: 'silent' },
      { endpoint: { transport: 'http', ...place, port: 0 }, standing: 'works' },
    ] as const;
    api.node.evidence.set(ROOF, whyView({ paths, member: { ...whyView().member, path: paths[1].endpoint } }));
    const { stdout } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.match(stdout, /ways +10\.0\.0\.7:18262 \(udp\) silent; http from 10\.0\.0\.7 \(http\) works/);
    assert.match(stdout, /reached at +http from 10\.0\.0\.7 \(http\), where it was heard from/);

    const relays = [{ id: BARN, name: 'barn' }];
    const member = { ...whyView().member, path: null };
    api.node.evidence.set(ROOF, whyView({ relays, member, pathFrom: null }));
    const { stdout: relayed } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.match(relayed, /reached at +none of its own: through barn/);
  });

  test('says who else there is where a node is not known or not the only one', async (t) => {
    const api = await harness(t);
    const errors: [string, string][] = [
      [
        'barn',
        'barn: 2 members have this name: b1000000 (barn, alive), b2000000 (barn, down); give more of the id',
      ],
      [
        'b',
        'b: 2 members have an id that begins so: b1000000 (barn, alive), b2000000 (barn, down); give more of the id',
      ],
      ['rof', 'no member rof (did you mean roof?); expected a name or an id, see: gridvine members'],
      ['ffff', 'no member ffff; expected a name or an id, see: gridvine members'],
      ['x\u001b[1m', 'no member x?[1m; expected a name or an id, see: gridvine members'],
    ];
    for (const [node, text] of errors) {
      const { code, stdout, stderr } = await gridvine(['why', node, '--socket', api.socket]);
      assert.deepEqual({ code, stdout, stderr }, { code: 1, stdout: '', stderr: `gridvine: ${text}\n` });
    }
  });

  test('a member that went between the two questions is an error, not a crash', async (t) => {
    const api = await harness(t);
    api.node.evidence.clear();
    const { code, stderr } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.equal(code, 1);
    assert.match(stderr, /^gridvine: id: expected the id of a member that this node knows/);
  });

  test('shows a member that is well on one screen', async (t) => {
    const api = await harness(t);
    const { stdout } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.equal(
      stdout,
      [
        `roof  ${ROOF}`,
        'state       alive for 1m',
        'because     nobody accuses it',
        'life        boot 4, incarnation 2',
        'reached at  10.0.0.7:18262 (udp), where it was heard from',
        'heard       3s ago by unicast; phi 1.3',
        'round trip  2.1ms, nearly all below 6.3ms; a ping waits 100ms for its answer',
        'presence    not heard by multicast: it is probed',
        '',
      ].join('\n'),
    );
  });

  test('shows the evidence of each accuser in words, and what was before, within 80 columns', async (t) => {
    const api = await harness(t);
    api.node.evidence.set(ROOF, SUSPECT);
    const { stdout } = await gridvine(['why', 'roof', '--socket', api.socket]);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    const expected = [
      'state       suspect for 1.2s; down in 800ms unless it answers',
      "because     2 members can't reach it",
      'helper      barn reached it last when this node could not',
      'accused by',
      '  n3, 1.3s ago: waited 700ms; 3 helpers asked, 2 heard nothing either; own',
      '    health 0',
      '  b1000000, 1.3s ago: waited 200ms; no helper asked; its host says that nobody',
      '    listens; own health 3',
      'before',
      '  1h ago for 10s: suspect, down after 1.3s; it refuted (boot 4, incarnation 1);',
      '    and 8 more',
    ];
    for (const line of expected) assert.ok(stdout.split('\n').includes(line), `${line}\n\n${stdout}`);
  });

  test('a member that is down is said to be called, and one that was never heard to be hearsay', async (t) => {
    const api = await harness(t);
    api.node.evidence.set(
      ROOF,
      whyView({
        member: { ...whyView().member, state: 'down', lastHeardMs: null, path: null },
        pathFrom: null,
        heardBy: null,
        retry: { everyMs: 10_000, lastMs: 4_000 },
        roundTrip: { smoothedMs: null, highMs: null, timeoutMs: 200 },
      }),
    );
    const { stdout } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.match(stdout, /^because +nobody reached it in time$/m);
    assert.match(stdout, /^reached at +no address known$/m);
    assert.match(stdout, /^heard +never by this node in this life: known by hearsay$/m);
    assert.match(stdout, /^round trip +not measured; a ping waits 200ms for its answer$/m);
    assert.match(stdout, /^called +a few that are down every 10s, for ever; this one last 4s ago$/m);
  });

  test('names from elsewhere cannot move the cursor', async (t) => {
    const api = await harness(t);
    const suspicion = { ...SUSPECT.suspicion!, accusers: [accuser({ name: 'evil\u001b[2J' })] };
    api.node.evidence.set(ROOF, { ...SUSPECT, suspicion, lastHelper: { id: BARN, name: 'e\nvil' } });
    const { stdout } = await gridvine(['why', 'roof', '--socket', api.socket]);
    assert.ok(!stdout.includes('\u001b') && stdout.includes('evil?[2J') && stdout.includes('e?vil'));
  });

  test('this node says who accused it, or that nobody did', async (t) => {
    const api = await harness(t);
    const self = whyView({
      member: memberView({ id: FAKE_ID, name: 'pump-house', flags: ['self'] }),
      stateMs: null,
      heardBy: null,
      pathFrom: null,
      roundTrip: null,
    });
    api.node.evidence.set(FAKE_ID, self);
    const quiet = await gridvine(['why', 'pump-house', '--socket', api.socket]);
    assert.match(quiet.stdout, /\(this node\)/);
    assert.match(quiet.stdout, /^Nobody has accused this node since it started\.$/m);
    api.node.evidence.set(FAKE_ID, { ...self, verdicts: SUSPECT.verdicts });
    const accused = await gridvine(['why', 'pump-house', '--socket', api.socket]);
    assert.match(accused.stdout, /^accused before$/m);
  });
});
