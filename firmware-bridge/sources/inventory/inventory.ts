/** What this board is, as far as it is worth telling the others. No serial numbers: they identify people's property. */
export interface Inventory {
  readonly board?: string;
  readonly cpu?: string;
  readonly cores?: number;
  readonly os?: string;
  readonly kernel?: string;
  readonly arch?: string;
}

const TEXT_CHARS_MAX = 120;

/** Takes an inventory from what a child printed: known members of the right type, cleaned and cut; the rest is ignored. */
export function inventoryFrom(json: unknown): Inventory | undefined {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return undefined;
  const members = json as Record<string, unknown>;
  const { cores } = members;
  const inventory = {
    ...text(members, 'board'),
    ...text(members, 'cpu'),
    ...(Number.isSafeInteger(cores) && (cores as number) > 0 ? { cores: cores as number } : {}),
    ...text(members, 'os'),
    ...text(members, 'kernel'),
    ...text(members, 'arch'),
  };
  return Object.keys(inventory).length === 0 ? undefined : inventory;
}

/** Text without control characters or runs of space, cut to 120 characters; undefined if nothing is left of it. */
export function cleanText(raw: string): string | undefined {
  const cleaned = raw.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return cleaned === '' ? undefined : [...cleaned].slice(0, TEXT_CHARS_MAX).join('');
}

function text(members: Record<string, unknown>, name: keyof Inventory): { [key: string]: string } {
  const raw = members[name];
  const cleaned = typeof raw === 'string' ? cleanText(raw) : undefined;
  return cleaned === undefined ? {} : { [name]: cleaned };
}
