import { shortId } from './format.ts';
import { type Colour, plain } from './output.ts';
import type { Column } from './table.ts';

export interface FleetSettingsJson {
  readonly name: string;
  readonly counter: number;
  readonly setter: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly stage: {
    readonly nodes: readonly string[];
    readonly tags: Readonly<Record<string, string>>;
    readonly lotMax: number | null;
  } | null;
}

export interface FleetBoardJson {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly tries: boolean;
  readonly running: string | null;
  readonly accepts: boolean;
  readonly refused: { readonly version: string; readonly why: string } | null;
  readonly unwell: readonly string[];
}

export interface FleetJson {
  readonly self: string;
  readonly accept: boolean;
  readonly settings: FleetSettingsJson | null;
  readonly staged: FleetSettingsJson | null;
  readonly running: string | null;
  readonly boards: readonly FleetBoardJson[];
  readonly objections: readonly string[];
  readonly history: readonly FleetSettingsJson[];
  readonly ignored: readonly { readonly owner: string; readonly why: string }[];
}

export interface FleetSetJson {
  readonly settings: FleetSettingsJson;
}

type Paint = (colour: Colour, text: string) => string;

/** `gridvine fleet status`: a row for each board. */
export function fleetTable(
  { boards, settings, staged }: FleetJson,
  paint: Paint,
): { readonly columns: readonly Column[]; readonly rows: readonly (readonly string[])[] } {
  const columns: Column[] = [
    { title: 'BOARD' },
    { title: 'STATE' },
    { title: 'RUNS' },
    { title: 'TRIES' },
    { title: 'REMARK', flexible: true, wrap: 'words' },
  ];
  const rows = boards.map((board) => {
    const wanted = board.tries ? staged : settings;
    const isThere =
      wanted === null || !board.accepts || board.running === `${wanted.counter}/${wanted.setter}`;
    const runs = board.running === null ? '-' : shortVersion(board.running);
    return [
      plain(board.name),
      board.state,
      isThere ? runs : paint('yellow', runs),
      board.tries ? 'yes' : '',
      remarkOf(board, paint),
    ];
  });
  return { columns, rows };
}

/** What is said below the table. */
export function fleetLines(fleet: FleetJson, paint: Paint): string[] {
  const { settings, staged, objections, ignored, accept } = fleet;
  const lines = [settings === null ? 'no settings for all boards' : `for all boards: ${settings.name}`];
  if (!accept) lines.push('this board takes no settings of the fleet (fleet.accept: off)');
  if (staged !== null) {
    lines.push(`on trial: ${staged.name}`);
    if (objections.length === 0) lines.push(paint('green', 'nothing speaks against: gridvine fleet promote'));
    lines.push(...objections.map((text) => `  ${paint('yellow', plain(text))}`));
  }
  for (const { owner, why } of ignored)
    lines.push(
      paint(
        'yellow',
        why === 'malformed'
          ? `ignored: what ${shortId(owner)} set is malformed`
          : why === 'far-above'
            ? `ignored: what ${shortId(owner)} set claims a number far above all others`
            : `ignored: what ${shortId(owner)} set; the policy doesn't let it`,
      ),
    );
  return lines;
}

/** `gridvine fleet show`. */
export function settingsLines(
  { settings, staged, history }: FleetJson,
  { paint, yaml }: { readonly paint: Paint; readonly yaml: (value: unknown) => string },
): string[] {
  const block = (title: string, document: FleetSettingsJson) => [
    paint('bold', `${title}: ${document.name}`),
    ...yaml(document.config)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${plain(line)}`),
  ];
  const earlier = history.filter(({ name }) => name !== settings?.name).map(({ name }) => name);
  return [
    ...(settings === null ? ['no settings for all boards'] : block('for all boards', settings)),
    ...(staged === null ? [] : [...block('on trial', staged), `  by ${whoTries(staged)}`]),
    ...(earlier.length === 0 ? [] : [paint('dim', `earlier: ${earlier.join(', ')}`)]),
  ];
}

function whoTries({ stage }: FleetSettingsJson): string {
  if (stage === null) return 'all';
  const tags = Object.entries(stage.tags).map(([name, value]) => plain(`${name}=${value}`));
  const share =
    stage.lotMax === null ? [] : [`about ${Math.max(1, Math.round((100 * stage.lotMax) / 2 ** 32))}% by lot`];
  return [...stage.nodes.map(shortId), ...tags, ...share].join(', ') || 'nobody';
}

function remarkOf({ accepts, refused, unwell }: FleetBoardJson, paint: Paint): string {
  if (!accepts) return 'stays with its own settings (fleet.accept: off)';
  if (refused !== null)
    return paint('red', `refuses ${shortVersion(refused.version)}: ${plain(refused.why)}`);
  return unwell.length === 0 ? '' : paint('yellow', `not well since: ${unwell.map(plain).join(', ')}`);
}

/** `12/3f0c...` with as much of the setter as people need. */
function shortVersion(version: string): string {
  const [counter = '', setter = ''] = version.split('/');
  return plain(`${counter}/${setter.slice(0, 8)}`);
}
