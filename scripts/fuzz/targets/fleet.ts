import { isDeepStrictEqual } from 'node:util';
import { checkFleetConfig, fleetLayer } from '#device/config/fleet-layer.ts';
import { ConfigError } from '#device/config/problem.ts';
import { readReport, reportToValue } from '#device/fleet/board-report.ts';
import {
  compareDocuments,
  decodeDocument,
  documentFromJson,
  documentToJson,
  documentToValue,
  type FleetDocument,
} from '#device/fleet/document.ts';
import { isStaged } from '#device/fleet/stage.ts';
import type { AppValue } from '#runtime/core/value.ts';
import { decodeCbor, encodeValue, toAppValue } from '#runtime/wire/cbor.ts';
import { type FuzzTarget, promise } from '../contract.ts';
import { PEER } from '../fixtures.ts';

/** Settings for all boards, and what boards tell of them, as any member may write them. */
export const fleetValues: FuzzTarget = {
  name: 'fleet-values',
  about: 'values of the records fleet/... and fleet-status',
  shape: 'cbor',
  bytesMax: 1_000,
  weight: 10,
  words: ['counter', 'config', 'stage', 'preset', 'settings', 'mqtt', 'lotMax', 'tags', 'nodes', 'running'],
  reaches: ['neither', 'unfit', 'settings', 'report'],
  seeds: () => SEEDS.map(encodeValue),
  prepare: () => (input) => {
    const decoded = decodeCbor(input);
    const value = 'value' in decoded ? toAppValue(decoded.value) : undefined;
    if (value === undefined) return 'neither';
    const document = decodeDocument(value, PEER);
    if (document !== undefined) return checkDocument(document);
    const report = readReport(value);
    if (report === undefined) return 'neither';
    promise(
      isDeepStrictEqual(readReport(reportToValue(report)), report),
      'another report on a second reading',
    );
    return 'report';
  },
};

function checkDocument(document: FleetDocument): string {
  const again = decodeDocument(throughCbor(documentToValue(document)), PEER);
  promise(
    again !== undefined && compareDocuments(again, document) === 0,
    'another document on a second reading',
  );
  const kept = documentFromJson(JSON.parse(JSON.stringify(documentToJson(document))));
  promise(kept !== undefined && compareDocuments(kept, document) === 0, 'another document in a file');
  if (document.stage !== null) isStaged(document.stage, document.counter, { id: PEER, tags: { a: 'b' } });
  try {
    checkFleetConfig(document.config, 'fleet');
    fleetLayer(document.config, 'fleet', []);
    return 'settings';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    promise(error.problems.length <= 8, 'a refusal without end');
    return 'unfit';
  }
}

function throughCbor(value: AppValue): AppValue {
  const decoded = decodeCbor(encodeValue(value));
  return ('value' in decoded ? toAppValue(decoded.value) : undefined) ?? null;
}

const SEEDS: readonly AppValue[] = [
  { counter: 1, config: { preset: 'radio', settings: { fanOut: 3, batchIntervalMs: '200ms' } } },
  {
    counter: 2 ** 32 - 1,
    config: { mqtt: { url: 'mqtt://10.0.0.1', keys: ['pv/**'] }, log: { level: 'warn' } },
    stage: { nodes: [new Uint8Array(16)], tags: { role: 'canary' }, lotMax: 2 ** 31 },
  },
  { counter: 3, config: { name: 'roof', mqtt: { passwordFile: '/etc/shadow' } } },
  {
    running: `1/${PEER}`,
    refused: { version: `2/${PEER}`, why: 'preset: unknown' },
    unwell: ['mqtt-refused'],
  },
  { running: 7 },
];
