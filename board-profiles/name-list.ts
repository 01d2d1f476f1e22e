/** Whether a name is among the wanted ones; a trailing or leading `*` stands for any rest. */
export function nameFits(wanted: readonly string[], name: string): boolean {
  return wanted.some((want) => {
    if (want.endsWith('*')) return name.startsWith(want.slice(0, -1));
    if (want.startsWith('*')) return name.endsWith(want.slice(1));
    return want === name;
  });
}

/** A list of names for a message, cut after eight. */
export function wantedNames(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => name.slice(0, 40));
  return names.length > 8 ? `${shown.join(', ')} and ${names.length - 8} more` : shown.join(', ');
}
