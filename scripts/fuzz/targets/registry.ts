import type { FuzzTarget } from '../contract.ts';

/** Where each target is; a run loads only what it needs. */
const MODULES: Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>> = {
  cbor: () => import('./cbor.ts'),
  'signed-cbor': () => import('./cbor.ts'),
  body: () => import('./body.ts'),
  record: () => import('./record.ts'),
  'member-values': () => import('./record.ts'),
  'large-value': () => import('./record.ts'),
  datagram: () => import('./datagram.ts'),
  refusal: () => import('./datagram.ts'),
  engine: () => import('./engine.ts'),
  'engine-trust': () => import('./engine.ts'),
  'signed-object': () => import('./signed-object.ts'),
  'signed-content': () => import('./signed-object.ts'),
  'signed-header': () => import('./signed-object.ts'),
  chain: () => import('./signed-object.ts'),
  armor: () => import('./signed-object.ts'),
  'fleet-law': () => import('./trust.ts'),
  'trust-values': () => import('./trust.ts'),
  'epoch-share': () => import('./trust.ts'),
  warrant: () => import('./trust.ts'),
  'admission-frame': () => import('./admission.ts'),
  'admission-payload': () => import('./admission.ts'),
  admission: () => import('./admission.ts'),
  noise: () => import('./noise.ts'),
  'key-records': () => import('./keys.ts'),
  'kept-keys': () => import('./keys.ts'),
  psk: () => import('./keys.ts'),
  'fleet-values': () => import('./fleet.ts'),
  'event-values': () => import('./events.ts'),
  'event-state': () => import('./events.ts'),
  'kept-table': () => import('./kept-table.ts'),
  'state-files': () => import('./files.ts'),
  'ca-files': () => import('./files.ts'),
  'checked-json': () => import('./files.ts'),
  'config-file': () => import('./config.ts'),
  'config-text': () => import('./config.ts'),
  api: () => import('./api.ts'),
  'typed-text': () => import('./texts.ts'),
  names: () => import('./texts.ts'),
  'line-json': () => import('./texts.ts'),
  sse: () => import('./texts.ts'),
  'system-text': () => import('./texts.ts'),
  vedirect: () => import('./fieldbus.ts'),
  modbus: () => import('./fieldbus.ts'),
  sunspec: () => import('./fieldbus.ts'),
  capture: () => import('./fieldbus.ts'),
  pattern: () => import('./texts.ts'),
  'http-body': () => import('./http.ts'),
  'http-request': () => import('./http.ts'),
  'http-target': () => import('./http.ts'),
};

export const TARGET_NAMES: readonly string[] = Object.keys(MODULES);

/** @throws Error where there is no target of this name. */
export async function loadTarget(name: string): Promise<FuzzTarget> {
  const loaded = await MODULES[name]?.();
  const target = Object.values(loaded ?? {}).find((each) => (each as Partial<FuzzTarget>).name === name);
  if (target === undefined) throw new Error(`no target ${name}; there are ${TARGET_NAMES.join(', ')}`);
  return target as FuzzTarget;
}
