import { formatDuration } from '#runtime/core/durations.ts';
import { formatEndpoint } from '#runtime/core/endpoint.ts';
import type { AccuserView, EvidenceView, SuspicionView, VerdictView, WhyView } from '#runtime/core/why.ts';
import type { WhyJson } from './documents.ts';
import { shortId, stateColour } from './format.ts';
import { type Colour, plain } from './output.ts';

export interface WhyTextOptions {
  readonly paint: (colour: Colour, text: string) => string;
  /** Columns of the terminal. */
  readonly width: number;
}

const LABEL_COLUMNS = 12;
const WIDTH_MIN = 40;

/** What `gridvine why` shows a person: the state and its reason first, then the evidence, then what was before. */
export function whyLines(why: WhyJson, { paint, width }: WhyTextOptions): string[] {
  const columns = Math.max(WIDTH_MIN, width);
  const { member } = why;
  const isSelf = member.id === why.self;
  const fact = ([label, text]: readonly [string, string]) =>
    wrapped(text, { width: columns - LABEL_COLUMNS }).map(
      (line, i) => `${paint('dim', (i === 0 ? label : '').padEnd(LABEL_COLUMNS))}${line}`,
    );
  const past = why.verdicts.filter(({ endedMs }) => endedMs !== null);
  return [
    `${paint('bold', plain(member.name))}  ${member.id}${isSelf ? '  (this node)' : ''}`,
    ...fact(['state', paint(stateColour(member.state), stateText(why))]),
    ...factsOf(why).flatMap(fact),
    ...section('accused by', accuserLines(why.suspicion?.accusers ?? [], { width: columns, indent: 2 })),
    ...section(
      isSelf ? 'accused before' : 'before',
      past.flatMap((verdict) => verdictLines(verdict, columns)),
    ),
    ...(isSelf && past.length === 0 ? ['', 'Nobody has accused this node since it started.'] : []),
  ];
}

/** What an accuser saw, in words. */
export function evidenceText({ waitedMs, helpers, nacks, localHealth, refusals }: EvidenceView): string {
  // Who calls a member that is down has to say so first, and saw nothing itself.
  if (waitedMs === 0 && helpers === 0 && refusals === 0)
    return `repeats it so that it can answer; own health ${localHealth}`;
  const asked =
    helpers === 0
      ? 'no helper asked'
      : `${helpers} ${plural(helpers, 'helper')} asked${nacks === 0 ? '' : `, ${nacks} heard nothing either`}`;
  const told = refusals === 0 ? '' : '; its host says that nobody listens';
  return `waited ${formatDuration(waitedMs)}; ${asked}${told}; own health ${localHealth}`;
}

function stateText({ member, stateMs, suspicion }: WhyJson): string {
  const since = stateMs === null ? '' : ` for ${formatDuration(stateMs)}`;
  const fallsInMs = suspicion?.fallsInMs ?? null;
  const next = fallsInMs === null ? '' : `; down in ${formatDuration(fallsInMs)} unless it answers`;
  return `${member.state}${since}${next}`;
}

/** Labelled facts; one that isn't known is left out. */
function factsOf(why: WhyJson): (readonly [string, string])[] {
  const { member, suspicion, lastHelper, retry } = why;
  const facts: (readonly [string, string | null])[] = [
    ['because', becauseText(why)],
    ['life', `boot ${member.boot}, incarnation ${member.incarnation}`],
    ['reached at', pathText(why)],
    ['ways', waysText(why)],
    ['heard', heardText(why)],
    ['round trip', roundTripText(why)],
    ['presence', presenceText(why)],
    ['confirmed', suspicion === null ? null : confirmedText(suspicion)],
    [
      'helper',
      lastHelper === null ? null : `${plain(lastHelper.name)} reached it last when this node could not`,
    ],
    ['twin', twinText(why)],
    ['called', retry === null ? null : retryText(retry)],
  ];
  return facts.filter((fact): fact is readonly [string, string] => fact[1] !== null);
}

function twinText({ member, self, twin }: WhyJson): string | null {
  if (twin === null) return null;
  const where = twin.lives.map(({ boot, endpoint }) => `${formatEndpoint(endpoint)} (boot ${boot})`);
  const places = where.length === 0 ? 'elsewhere' : `at ${where.join(' and ')}`;
  const by = twin.witnesses.map(({ id, name }) => (name === id ? shortId(id) : plain(name)));
  const seenBy = by.length === 0 ? '' : `, seen by ${by.join(', ')}`;
  const also = member.id === self ? 'also runs' : 'runs';
  return `its identity ${also} ${places} for ${formatDuration(twin.sinceMs)}${seenBy}: stop one of the two, or run \`gridvine rekey\` on the copy`;
}

function becauseText({ member, self, suspicion, verdicts }: WhyJson): string | null {
  if (member.id === self) return null;
  const [latest] = verdicts;
  switch (member.state) {
    case 'suspect': {
      const count = suspicion?.accusers.length ?? 0;
      return `${count} ${plural(count, 'member')} can't reach it`;
    }
    case 'down':
      return downText(latest, suspicion);
    case 'left':
      return 'it said goodbye';
    case 'leaving':
      return 'it is saying goodbye';
    default:
      return 'nobody accuses it';
  }
}

function downText(latest: VerdictView | undefined, suspicion: SuspicionView | null): string {
  if (latest?.downMs == null) return 'nobody reached it in time';
  const told = (suspicion?.refusedBy ?? 0) > 1 ? 'its host says that nobody listens, and ' : '';
  return `${told}nobody reached it for ${formatDuration(latest.startedMs - latest.downMs)} after it was first accused`;
}

function pathText({ member, self, pathFrom, relays = [] }: WhyJson): string | null {
  if (member.id === self) return member.endpoints.map(formatEndpoint).join(', ') || 'no address';
  if (member.path === null && relays.length > 0)
    return `none of its own: through ${relays.map(({ name }) => plain(name)).join(', ')}`;
  if (member.path === null)
    return pathFrom === null && member.endpoints.length === 0 ? 'no address known' : null;
  const { transport } = member.path;
  const from =
    pathFrom === 'heard' ? 'where it was heard from' : 'as it says itself; not heard from there yet';
  return `${formatEndpoint(member.path)} (${transport}), ${from}`;
}

function waysText({ paths = [] }: WhyJson): string | null {
  if (paths.length === 0) return null;
  return paths
    .map(({ endpoint, standing }) => `${formatEndpoint(endpoint)} (${endpoint.transport}) ${standing}`)
    .join('; ');
}

function heardText({ member, self, heardBy }: WhyJson): string | null {
  if (member.id === self) return null;
  if (member.lastHeardMs === null) return 'never by this node in this life: known by hearsay';
  const by = heardBy === null ? '' : ` by ${heardBy}`;
  const phi = member.phi === null ? '' : `; phi ${member.phi.toFixed(1)}`;
  return `${formatDuration(member.lastHeardMs)} ago${by}${phi}`;
}

function roundTripText({ roundTrip }: WhyJson): string | null {
  if (roundTrip === null) return null;
  const { smoothedMs, highMs, timeoutMs } = roundTrip;
  const waits = `a ping waits ${formatDuration(timeoutMs)} for its answer`;
  if (smoothedMs === null || highMs === null) return `not measured; ${waits}`;
  return `${smoothedMs.toFixed(1)}ms, nearly all below ${highMs.toFixed(1)}ms; ${waits}`;
}

function presenceText({ member, self, vouchedForMs }: WhyJson): string | null {
  if (member.id === self || member.state === 'down' || member.state === 'left') return null;
  if (member.segment === null) return 'not heard by multicast: it is probed';
  const link = `heard by multicast on ${plain(member.segment)}`;
  return vouchedForMs === null
    ? `${link}; not proven fresh, so it is probed`
    : `${link}; stands for a probe for ${formatDuration(vouchedForMs)} more`;
}

function confirmedText({ confirmations, confirmationsWanted, refusedBy }: SuspicionView): string {
  const wanted = `${confirmations} beyond the first accuser, ${confirmationsWanted} wanted for a quick verdict`;
  return refusedBy === 0 ? wanted : `${wanted}; ${refusedBy} told by its host that nobody listens`;
}

function retryText({ everyMs, lastMs }: NonNullable<WhyView['retry']>): string {
  const last = lastMs === null ? 'not yet' : `last ${formatDuration(lastMs)} ago`;
  return `a few that are down every ${formatDuration(everyMs)}, for ever; this one ${last}`;
}

function verdictLines(verdict: VerdictView, width: number): string[] {
  const { boot, incarnation, startedMs, downMs, endedMs, end, accuserCount, accusers } = verdict;
  const lasted = formatDuration(startedMs - (endedMs ?? 0));
  const fell = downMs === null ? 'suspect' : `suspect, down after ${formatDuration(startedMs - downMs)}`;
  const head =
    `${formatDuration(startedMs)} ago for ${lasted}: ${fell}; ${end === null ? 'stands' : ENDS[end]} ` +
    `(boot ${boot}, incarnation ${incarnation}); ${accuserCount} ${plural(accuserCount, 'accuser')}`;
  const more = accuserCount - accusers.length;
  return [
    ...wrapped(head, { width, indent: 2 }),
    ...accuserLines(accusers, { width, indent: 4 }),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

const ENDS: Readonly<Record<NonNullable<VerdictView['end']>, string>> = {
  refuted: 'it refuted',
  restarted: 'it came back in a new life',
  left: 'it said goodbye',
  answered: 'it answered after all',
  withdrawn: 'no accusation was left',
};

function accuserLines(accusers: readonly AccuserView[], place: { width: number; indent: number }): string[] {
  return accusers.flatMap(({ id, name, saidMs, evidence }) => {
    const who = name === id ? shortId(id) : plain(name);
    return wrapped(`${who}, ${formatDuration(saidMs)} ago: ${evidenceText(evidence)}`, place);
  });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

/** Breaks between words; what follows the first line is set in by two more. A word longer than the line stays whole. */
function wrapped(text: string, { width, indent = 0 }: { width: number; indent?: number }): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(indent === 0 ? 0 : indent + 2);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}
