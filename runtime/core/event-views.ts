import type { NodeId } from './ids.ts';
import type { AppValue } from './value.ts';

/** How long an event is delivered to those who come late, unless its sender says otherwise. */
export const EVENT_WINDOW_MS_DEFAULT = 60_000;

/** How an event is sent. */
export interface EmitOptions {
  /**
   * How long it is delivered to members that come late, in milliseconds: 100 to an hour, 60 s by default. Longer reaches who was cut off for
   * longer, and keeps its place among the 64 that one node may have in their windows.
   */
  readonly windowMs?: number;
  /** `urgent` leaves at once and costs more datagrams; default `normal`: with the next batch. */
  readonly priority?: 'urgent' | 'normal';
}

/** A user event as it is delivered. */
export interface UserEvent {
  /** Its name: 1 to 64 of letters, digits, `.`, `_`, `-` and `/`. */
  readonly name: string;
  readonly payload: AppValue;
  /** Who sent it, and its name; the id while that isn't known. */
  readonly sender: NodeId;
  readonly senderName: string;
  /** Names the event among those of its sender, and grows with each. It changes where the sender takes a higher boot. */
  readonly number: number;
  /** Names the event for good, so that whoever acts on it can tell whether it did: its sender's life and a count, as `1f00ba5e-7`. */
  readonly id: string;
  /** How long ago it was sent, in milliseconds, as far as this node knows. */
  readonly ageMs: number;
}

/** Events of a sender that this node was to get and didn't: it was away for longer than their windows. */
export interface EventGap {
  readonly sender: NodeId;
  readonly senderName: string;
  /** How many, at least; null: some, of an earlier life of the sender. */
  readonly missed: number | null;
}
