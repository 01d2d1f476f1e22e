import type { KeptOwner } from '../core/kept-table.ts';

/** So many records are taken back at once: with signatures some 50 ms of a small board. A KiB of a value that travelled apart counts as one. */
const RECORDS_MAX = 64;

/** Owners, in their order, by about so many records. */
export function* portionsOf(owners: readonly KeptOwner[]): Generator<KeptOwner[]> {
  let portion: KeptOwner[] = [];
  let records = 0;
  for (const kept of owners) {
    portion.push(kept);
    for (const { content } of kept.entries) records += 1 + (content?.length ?? 0) / 1_024;
    if (records < RECORDS_MAX) continue;
    yield portion;
    portion = [];
    records = 0;
  }
  if (portion.length > 0) yield portion;
}
