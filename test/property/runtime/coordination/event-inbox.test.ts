import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOf } from '#runtime/coordination/events/event-record.ts';
import { decodeEventState, encodeEventState } from '#runtime/coordination/events/event-state.ts';
import { EventInbox } from '#runtime/coordination/events/inbox.ts';
import type { Arrival } from '#runtime/coordination/events/sender-line.ts';
import { makeVersion } from '#runtime/core/version.ts';

const SENDER = 'aa'.repeat(16);
const WINDOW_MS = 1_000;

type Step =
  | { readonly kind: 'arrive'; readonly index: number }
  | { readonly kind: 'restart' }
  /** Its sender goes on under a higher boot. */
  | { readonly kind: 'rise' }
  /** The table has everything up to so many events. */
  | { readonly kind: 'know'; readonly upTo: number }
  | { readonly kind: 'wait'; readonly ms: number };

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('arrive' as const), index: fc.nat(19) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rise' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('know' as const), upTo: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(600) }) },
  ),
  { maxLength: 80 },
);

// B-58, B-109
test('in whatever order records come, and however often, events are delivered once and in order, and missing ones counted', () => {
  fc.assert(
    fc.property(steps, (played: readonly Step[]) => {
      let nowMs = 10_000;
      let inbox = new EventInbox([[SENDER, { number: makeVersion(1, 1), life: 7, told: 1 }]], nowMs);
      let known = 0;
      let boot = 1;
      const arrivals: Arrival[] = [];
      const arrived = new Set<number>();
      const arrive = (index: number) => {
        arrived.add(index);
        const number = makeVersion(boot, index + 2);
        const event = {
          number,
          life: 7,
          told: index + 1,
          before: number - 1,
          windowMs: WINDOW_MS,
          name: 'e',
        };
        inbox.add(
          SENDER,
          { ...event, payload: null, question: undefined },
          { version: number, setAtMs: 10_000 },
          { nowMs },
        );
      };
      const take = () => arrivals.push(...inbox.take(nowMs, { held: () => ({ known, renewed: 0 }) }));
      for (const step of played) {
        if (step.kind === 'arrive') arrive(step.index);
        else if (step.kind === 'wait') nowMs += step.ms;
        else if (step.kind === 'know') known = Math.max(known, makeVersion(boot, step.upTo + 1));
        else if (step.kind === 'rise') boot++;
        else {
          const kept = decodeEventState(
            encodeEventState({ last: 0, cursors: inbox.cursors(nowMs, () => true) }),
          );
          inbox = new EventInbox(kept?.cursors ?? [], nowMs);
        }
        take();
      }
      // The last one comes, and by then the table has all that there will ever be: also what was put again under a higher boot.
      for (const index of [...arrived, 20]) arrive(index);
      known = makeVersion(boot, 100);
      take();
      assert.equal(inbox.waiting, 0);
      const delivered = arrivals.flatMap((each) =>
        each.kind === 'event' ? [countOf(each.event.number)] : [],
      );
      for (let i = 1; i < delivered.length; i++) assert.ok(delivered[i]! > delivered[i - 1]!);
      const missed = arrivals.reduce((sum, each) => sum + (each.kind === 'gap' ? (each.missed ?? 0) : 0), 0);
      assert.equal(delivered.length + missed, 21);
    }),
    { numRuns: 500 },
  );
});
