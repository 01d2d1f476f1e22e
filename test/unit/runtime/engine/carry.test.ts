import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#runtime/core/endpoint.ts';
import type { EngineContext, Inbound } from '#runtime/engine/context.ts';
import { onCarry } from '#runtime/engine/handlers/carry.ts';
import type { Carry } from '#runtime/wire/message.ts';
import { ANN, BEN } from '../../../support/wire.ts';

const SELF = 'e'.repeat(32);
const place: Endpoint = { transport: 'http', address: '10.0.0.7', port: 70_000 };
const message = {
  type: 'lease-answer',
  number: 1,
  verdict: 'granted',
  top: 1,
  leftMs: 0,
  rosterVersion: 1,
} as const;
const carry: Carry = { type: 'carry', from: ANN, boot: 2, to: BEN, message };

/** What a node does with it. */
function outcome(
  about: Partial<Carry>,
  { isProven = true, reaches = true, hasBudget = true, sender = ANN, boot = 2 } = {},
): string[] {
  const did: string[] = [];
  const counters = { drops: { malformed: 0, budget: 0 } };
  const ctx = {
    id: SELF,
    counters,
    joiner: { prove: () => did.push('asks for a proof') },
    leases: { onCarried: ({ from }: Carry) => did.push(`hears ${from}`) },
    members: { get: () => ({ endpoint: reaches ? place : null }) },
    helpBudget: { takeCarry: () => hasBudget },
    outbox: { stage: (_to: unknown, peer: string) => did.push(`tells ${peer}`) },
  };
  const from = { sender, boot, path: place, nowMs: 0, session: { isProvenAt: () => isProven } };
  onCarry(ctx as unknown as EngineContext, { ...carry, ...about }, from as unknown as Inbound);
  const drops = Object.entries(counters.drops).flatMap(([reason, count]) =>
    count > 0 ? [`drops ${reason}`] : [],
  );
  return [...did, ...drops];
}

test('[P-19.13] what is said to somebody else is passed on, and what is said to this node is heard as its sender says it', () => {
  assert.deepEqual(outcome({}), [`tells ${BEN}`]);
  assert.deepEqual(outcome({ to: SELF }, { sender: BEN, boot: 9 }), [`hears ${ANN}`]);
});

test('[P-19.13] nobody carries for a third, for who has not shown where it is, to whom it can not call, or without end', () => {
  assert.deepEqual(outcome({}, { isProven: false }), ['asks for a proof']);
  assert.deepEqual(outcome({ to: SELF }, { isProven: false }), ['asks for a proof']);
  assert.deepEqual(outcome({}, { sender: BEN }), ['drops malformed']);
  assert.deepEqual(outcome({}, { boot: 3 }), ['drops malformed']);
  assert.deepEqual(outcome({}, { reaches: false }), []);
  assert.deepEqual(outcome({}, { hasBudget: false }), ['drops budget']);
});
