import type { CrdtView } from '#runtime/coordination/shared-data/contract.ts';
import { valueToJson } from '#runtime/core/value-json.ts';
import type { ApiService } from './service.ts';

/** The document of `GET /v1/crdts/{name}`. */
export function crdtDocument(view: CrdtView, service: ApiService) {
  return { schema: 'gridvine.crdt/1', ...crdtJson(view, namesOf(service)) };
}

/** The document of `GET /v1/crdts`. */
export function crdtsDocument(service: ApiService) {
  const names = namesOf(service);
  return { schema: 'gridvine.crdts/1', crdts: service.node.crdt.list().map((view) => crdtJson(view, names)) };
}

function crdtJson(
  { name, type, value, slots, ignored, orphaned, written }: CrdtView,
  names: ReadonlyMap<string, string>,
) {
  const nodeOf = (id: string) => ({ id, node: names.get(id) ?? id });
  return {
    name,
    type,
    value: valueToJson(value),
    slots: slots.map(nodeOf),
    ignored: ignored.map(({ id, problem }) => ({ ...nodeOf(id), problem })),
    orphaned,
    written: written.map(({ key, by, wallMs }) => ({ key, ...nodeOf(by), wallMs })),
  };
}

function namesOf({ node }: ApiService): ReadonlyMap<string, string> {
  return new Map(node.members().map(({ id, name }) => [id, name]));
}
