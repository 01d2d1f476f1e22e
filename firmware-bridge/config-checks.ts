import type { SourceConfig } from './config.ts';
import { registerProblems } from './config-registers.ts';
import { keyFault } from './reading-key.ts';

/** Something wrong with one source that only shows beside the others, or from several of its fields. */
export interface SourceProblem {
  readonly index: number;
  readonly field: string;
  /** Which entry of a list in that field, and which of its fields. */
  readonly item?: { readonly index: number; readonly field: string };
  /** The phrase that follows "expected". */
  readonly message: string;
}

/** What is wrong with a list of sources whose sections are right each. */
export function sourceProblems(sources: readonly SourceConfig[]): readonly SourceProblem[] {
  return [
    ...sharedNames(sources),
    ...sharedPorts(sources),
    ...badKeys(sources),
    ...hastySilence(sources),
    ...registerProblems(sources),
  ];
}

/** A source that is asked more seldom than it may be silent would be silent in each round. */
function hastySilence(sources: readonly SourceConfig[]): readonly SourceProblem[] {
  return sources.flatMap((source, index) => {
    if (source.kind !== 'modbus' && source.kind !== 'sunspec') return [];
    const { interval, silentAfter = interval } = source;
    const message = 'a duration not shorter than interval';
    return silentAfter < interval ? [{ index, field: 'silentAfter', message }] : [];
  });
}

/** Names are unique, so that health items and commands can refer to them. */
function sharedNames(sources: readonly SourceConfig[]): readonly SourceProblem[] {
  const names = sources.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [{ index, field: 'name', message: 'a name that no other source has' }],
  );
}

/** A serial line has one master, and one setting. */
function sharedPorts(sources: readonly SourceConfig[]): readonly SourceProblem[] {
  const lines = new Map<string, string>();
  return sources.flatMap((source, index) => {
    if (!('address' in source) || !source.address.startsWith('/')) return [];
    const line = lineOf(source);
    const other = lines.get(source.address);
    lines.set(source.address, other ?? line);
    if (other === undefined || (other === line && source.kind !== 'vedirect')) return [];
    const message =
      'a serial port that no other source uses, or uses as another Modbus bus with the same line settings';
    return [{ index, field: 'address', message }];
  });
}

/** How a source sets its serial port. */
function lineOf(source: SourceConfig): string {
  return 'baudRate' in source ? `${source.baudRate} ${source.parity} ${source.stopBits}` : source.kind;
}

/** Sources of field buses put their name, or a prefix, before each key. */
function badKeys(sources: readonly SourceConfig[]): readonly SourceProblem[] {
  return sources.flatMap((source, index) => {
    if (!('address' in source)) return [];
    const { keyPrefix = source.name } = source;
    const field = source.keyPrefix === undefined ? 'name' : 'keyPrefix';
    const prefixFault = keyFault(`${keyPrefix}/x`);
    if (prefixFault !== undefined) return [{ index, field, message: `a prefix of keys: ${prefixFault}` }];
    const keys = 'registers' in source ? source.registers : [];
    const faults = keys.flatMap((register) =>
      typeof register === 'string' ? [] : [keyFault(`${keyPrefix}/${register.key}`) ?? []].flat(),
    );
    return faults
      .slice(0, 1)
      .map((fault) => ({ index, field: 'registers', message: `keys that are ${fault}` }));
  });
}
