import { decodeModel } from '#bridge/protocols/sunspec/decode-model.ts';
import { loadModels, type ModelTable } from '#bridge/protocols/sunspec/model-table.ts';
import type { FoundModel, WalkFault } from '#bridge/protocols/sunspec/model-walk.ts';
import { keyOfPoint, POINT_KEYS } from '#bridge/protocols/sunspec/point-keys.ts';
import { SunspecReader } from '#bridge/sources/sunspec/sunspec-reader.ts';
import { CliError, type CliIo } from './io.ts';
import type { ModbusLineOptions } from './modbus-options.ts';
import { failureText, withBus } from './modbus-session.ts';
import { plain, printJson, printLines } from './output.ts';
import { printTable } from './table.ts';

export interface DumpSunspecOptions extends ModbusLineOptions {
  readonly io: CliIo;
  readonly address: string;
  readonly unitId: number;
  readonly base?: number;
  /** Only these models; absent: all. */
  readonly model?: readonly number[];
  readonly json: boolean;
}

/** What a dump shows of one model. */
interface DumpedModel {
  readonly id: number;
  readonly label: string;
  readonly address: number;
  readonly length: number;
  readonly points: readonly {
    readonly point: string;
    readonly value: unknown;
    readonly unit: string | null;
    readonly key: string | null;
  }[];
  /** What is wrong with it. */
  readonly faults: readonly string[];
}

/**
 * Prints what a SunSpec device says.
 * @throws CliError where it doesn't answer, or isn't one.
 */
export async function dumpSunspec(options: DumpSunspecOptions): Promise<void> {
  const { io, unitId, base, json, timeout: timeoutMs } = options;
  const tables = await loadModels();
  const { models, fault } = await withBus(options, async (bus) => {
    const reader = new SunspecReader({
      bus,
      unitId,
      timeoutMs,
      retries: 2,
      ...(base === undefined ? {} : { base }),
    });
    const walk = await reader.walk();
    if (walk.kind !== 'models') throw new CliError(`unit ${unitId} ${failureText(walk)}`);
    const wanted = walk.models.filter(({ id }) => options.model?.includes(id) ?? true);
    if (wanted.length === 0 && walk.models.length > 0) {
      const there = [...new Set(walk.models.map(({ id }) => id))].join(', ');
      throw new CliError(`--model: the device has ${there}; got ${options.model?.join(', ')}`);
    }
    const dumped: DumpedModel[] = [];
    for (const found of wanted) dumped.push(await dumpModel(reader, found, tables.get(found.id)));
    return { models: dumped, fault: walk.fault };
  });
  if (json) printJson(io, { schema: 'gridvine.sunspec-dump/1', unitId, fault: fault ?? null, models });
  else for (const model of models) printModel(io, model);
  if (fault !== undefined) throw new CliError(WALK_FAULTS[fault]);
}

async function dumpModel(
  reader: SunspecReader,
  found: FoundModel,
  table: ModelTable | undefined,
): Promise<DumpedModel> {
  const head = { ...found, label: table?.label ?? 'not known here', points: [], faults: [] };
  if (table === undefined) return head;
  const result = await reader.model(found, table);
  if (result.kind === 'changed') return { ...head, faults: ['another model is there now'] };
  if (result.kind === 'moving')
    return { ...head, faults: ['its scales changed while it was read; try again'] };
  if (result.kind !== 'data') return { ...head, faults: [failureText(result)] };
  const { points, faults } = decodeModel(table, result.data);
  return {
    ...head,
    points: points.map(({ path, value, unit = null }) => ({
      point: path,
      value,
      unit,
      key: keyOfPoint(POINT_KEYS, found.id, path) ?? null,
    })),
    faults: faults.map(({ fault, path }) => `${fault} at ${path}`),
  };
}

function printModel(io: CliIo, { id, label, address, length, points, faults }: DumpedModel): void {
  printLines(io, [`model ${id} (${plain(label)}) at ${address}, ${length} registers`]);
  for (const fault of faults) printLines(io, [`! ${plain(fault)}`]);
  if (points.length > 0) {
    printTable(
      io,
      [{ title: 'POINT' }, { title: 'VALUE' }, { title: 'UNIT' }, { title: 'KEY', flexible: true }],
      points.map(({ point, value, unit, key }) => [point, plain(String(value)), unit ?? '', key ?? '']),
    );
  }
  printLines(io, ['']);
}

const WALK_FAULTS: Readonly<Record<WalkFault, string>> = {
  'no-marker':
    "no marker SunS at 40000, 50000 or 0; check --unit-id (often 1, 2, 126), that SunSpec is turned on in the device's menu, or give --base",
  'no-end': 'the list of models breaks off before its end; the device may be busy, try again',
  'beyond-the-end': 'a model is told to reach beyond the last register; the device needs other firmware',
  'too-many': 'more models than any device has; the device needs other firmware',
};
