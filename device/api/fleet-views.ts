import { documentToJson, type FleetDocument, nameOf, versionOf } from '../fleet/document.ts';
import { tries } from '../fleet/promotion.ts';
import type { ApiService } from './service.ts';

/** A document as the API tells it. */
export function fleetSettingsJson(document: FleetDocument) {
  return { name: nameOf(document), ...documentToJson(document) };
}

/** The document of `GET /v1/fleet`. */
export function fleetDocument({ node, fleet }: ApiService) {
  const { accept, current, staged, running, history, members, objections, ignored } = fleet.view();
  const some = (document: FleetDocument | undefined) =>
    document === undefined ? null : fleetSettingsJson(document);
  return {
    schema: 'gridvine.fleet/1',
    self: node.id,
    accept,
    settings: some(current),
    staged: some(staged),
    running: running === undefined ? null : versionOf(running),
    boards: members.map((one) => ({
      id: one.member.id,
      name: one.member.name,
      state: one.member.state,
      tries: staged !== undefined && tries(staged, one),
      running: one.report?.running ?? null,
      accepts: one.report?.accepts ?? true,
      refused: one.report?.refused ?? null,
      unwell: one.report?.unwell ?? [],
    })),
    objections,
    history: history.map(fleetSettingsJson),
    ignored,
  };
}
