const NAMES = ['roof', 'barn', 'well', 'mill', 'shop', 'gate', 'dock', 'yard', 'pump'] as const;

/** Names of the demo's daemons: places where a small micro-grid has boards. */
export function daemonNames(count: number): readonly string[] {
  return NAMES.slice(0, count);
}
