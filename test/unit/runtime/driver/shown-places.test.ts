import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpoint } from '#runtime/core/endpoint.ts';
import type { MemberView } from '#runtime/core/views.ts';
import type { WhyView } from '#runtime/core/why.ts';
import { ShownPlaces } from '#runtime/driver/shown-places.ts';
import { Targets } from '#runtime/transport/http/targets.ts';

const targets = new Targets();
const shown = new ShownPlaces(targets);
const named = targets.add('https://gate.example');
const udp = { transport: 'udp', address: '10.0.0.7', port: 1 } as const;
const memberAt = (path: MemberView['path']) => ({ path }) as MemberView;

test('a listener is shown by the name that a person gave it, and all else as it is', () => {
  assert.equal(formatEndpoint(shown.member(memberAt(named)).path!), 'http://gate.example:443');
  assert.equal(shown.member(memberAt(udp)).path, udp);
  assert.equal(shown.member(memberAt(null)).path, null);
});

test('so it is in all ways to a member, and where it was seen twice', () => {
  const life = { boot: 1, endpoint: named };
  const why = shown.why({
    member: memberAt(named),
    paths: [
      { endpoint: udp, standing: 'silent' },
      { endpoint: named, standing: 'works' },
    ],
    twin: { sinceMs: 0, lives: [life], witnesses: [] },
  } as unknown as WhyView);
  const text = JSON.stringify(why);
  assert.equal(text.match(/gate\.example/g)?.length, 3);
  assert.doesNotMatch(text, /100::/);
});

test('whom it was told to call stands as it was told', () => {
  assert.equal(shown.seed(named), 'https://gate.example:443');
  assert.equal(shown.seed(udp), '10.0.0.7:1');
});
