import { BOOT_MAX } from '../core/version.ts';
import type { HealthBoard } from './health-board.ts';

/** With so few boots left it is time for a new identity: a year and more at a start a day, or a morning at one a minute. */
const FEW = 1_024;

/** Says so while few boots are left. Raise it at each start, and whenever the boot rose. */
export function noteBootsLeft(health: HealthBoard, nowMs: number, boot: number): void {
  const left = BOOT_MAX - boot;
  if (left >= FEW) return;
  health.raise(nowMs, 'boots-few', {
    severity: 'warning',
    title: 'few boots are left to this identity',
    text: `This is boot ${boot} of at most ${BOOT_MAX}: after ${left} more starts the node won't start under this identity. Give it a new one before: stop it, run \`gridvine rekey\`, and start it again.`,
  });
}
