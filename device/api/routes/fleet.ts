import * as v from 'valibot';
import { isNodeId } from '#runtime/core/ids.ts';
import { COUNTER_MAX, type FleetDocument, isVersion } from '../../fleet/document.ts';
import { TAGS_MAX } from '../../fleet/stage.ts';
import { fleetDocument, fleetSettingsJson } from '../fleet-views.ts';
import { json, type Route, route } from '../route.ts';

const NODE = 'a node id of 32 hex digits';
const PERCENT = 'a number above 0, up to 100';
const COUNTER = `a whole number from 1 to ${COUNTER_MAX}`;

const VERSION = 'COUNTER/SETTER, as GET /v1/fleet tells them';
const TAGS = `at most ${TAGS_MAX} tags`;
const of = v.optional(
  v.pipe(
    v.string(VERSION),
    v.check((text) => isVersion(text), VERSION),
  ),
);

const SetSchema = v.strictObject(
  {
    config: v.record(v.string(), v.unknown(), 'an object in the words of the configuration'),
    stage: v.optional(
      v.strictObject(
        {
          nodes: v.optional(
            v.pipe(v.array(v.pipe(v.string(NODE), v.check(isNodeId, NODE))), v.maxLength(32)),
            [],
          ),
          tags: v.optional(
            v.pipe(
              v.record(v.string(), v.string()),
              v.check((tags) => Object.keys(tags).length <= TAGS_MAX, TAGS),
            ),
            {},
          ),
          percent: v.optional(
            v.nullable(
              v.pipe(
                v.number(PERCENT),
                v.check((n) => n > 0 && n <= 100, PERCENT),
              ),
            ),
            null,
          ),
        },
        'an object with nodes, tags or percent',
      ),
    ),
  },
  'an object with config, and stage where some boards are to try it',
);
const PromoteSchema = v.strictObject(
  { force: v.optional(v.boolean('true or false'), false), of },
  'an object, empty or with force and of',
);
const RollbackSchema = v.strictObject(
  {
    to: v.optional(
      v.pipe(
        v.number(COUNTER),
        v.check((n) => Number.isInteger(n) && n >= 1 && n <= COUNTER_MAX, COUNTER),
      ),
    ),
    of,
  },
  'an object, empty or with to and of',
);

/** Settings for all boards; a listener that others can reach must not serve those that change something. */
export const fleetRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/fleet',
    operationId: 'getFleet',
    summary: 'Settings for all boards, those on trial, and which board runs which or why it refuses.',
    replySchema: 'Fleet',
    handle: (_request, service) => json(fleetDocument(service)),
  }),
  route({
    method: 'POST',
    path: '/v1/fleet',
    operationId: 'setFleet',
    summary:
      'Gives all boards settings, or those of `stage` first. Answers at once; /v1/fleet shows who has followed.',
    bodySchema: 'SetFleet',
    replySchema: 'FleetSet',
    parseBody: SetSchema,
    handle: async ({ body: { config, stage } }, { fleet }) => done(await fleet.set(config, stage)),
  }),
  route({
    method: 'POST',
    path: '/v1/fleet/promote',
    operationId: 'promoteFleet',
    summary: 'Gives all boards what some have tried; with `force` also where a board speaks against it.',
    bodySchema: 'PromoteFleet',
    replySchema: 'FleetSet',
    parseBody: PromoteSchema,
    handle: async ({ body: { force, of } }, { fleet }) =>
      done(await fleet.promote({ force, ...(of === undefined ? {} : { of }) })),
  }),
  route({
    method: 'POST',
    path: '/v1/fleet/rollback',
    operationId: 'rollbackFleet',
    summary:
      'Takes back what is on trial; without a trial, what counted last. `to` names an earlier counter, `of` what is to be taken back.',
    bodySchema: 'RollbackFleet',
    replySchema: 'FleetSet',
    parseBody: RollbackSchema,
    handle: async ({ body: { to, of } }, { fleet }) =>
      done(
        await fleet.rollback({ ...(to === undefined ? {} : { to }), ...(of === undefined ? {} : { of }) }),
      ),
  }),
];

function done(document: FleetDocument) {
  return json({ schema: 'gridvine.fleet-set/1', settings: fleetSettingsJson(document) });
}
