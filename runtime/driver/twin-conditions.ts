import type { NodeId } from '../core/ids.ts';
import type { EngineEvent } from '../core/outputs.ts';
import type { HealthBoard } from './health-board.ts';

type TwinEvent = Extract<EngineEvent, { type: 'twin' }>;

/** Others that are named in one text, at most. */
const NAMED_MAX = 8;

/** Identities that live twice, as conditions for people: this node's own, and others'. */
export class TwinConditions {
  readonly #health: HealthBoard;
  readonly #others = new Map<NodeId, TwinEvent>();

  constructor(health: HealthBoard) {
    this.#health = health;
  }

  note(event: TwinEvent, self: NodeId, nowMs: number): void {
    if (event.id === self) this.#noteSelf(event, nowMs);
    else this.#noteOther(event, nowMs);
  }

  #noteSelf(event: TwinEvent, nowMs: number): void {
    if (event.change === 'over') {
      this.#health.clear('identity-twin');
      return;
    }
    const where = placesOf(event);
    this.#health.raise(nowMs, 'identity-twin', {
      severity: 'failure',
      title: "this board's identity runs twice",
      text: `This board's identity is also running${where === '' ? ' elsewhere' : ` at ${where}`}: stop one of them, or run \`gridvine rekey\` on the copy while its daemon is stopped. Until then neither can hold a lease, and what they write may be lost.`,
    });
  }

  #noteOther(event: TwinEvent, nowMs: number): void {
    if (event.change === 'over') this.#others.delete(event.id);
    else this.#others.set(event.id, event);
    if (this.#others.size === 0) {
      this.#health.clear('member-twin');
      return;
    }
    const named = [...this.#others.values()].slice(0, NAMED_MAX).map((other) => {
      const where = placesOf(other);
      return where === '' ? other.name : `${other.name} (${where})`;
    });
    const more = this.#others.size - named.length;
    this.#health.raise(nowMs, 'member-twin', {
      severity: 'warning',
      title: 'a member runs twice under one identity',
      text: `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: a card was copied. Stop one of the two, or run \`gridvine rekey\` on the copy while its daemon is stopped.`,
    });
  }
}

function placesOf({ lives }: TwinEvent): string {
  return lives.map(({ endpoint }) => endpoint.address).join(' and ');
}
