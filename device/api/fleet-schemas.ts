import {
  anything,
  boolean,
  constant,
  integer,
  type JsonSchema,
  list,
  mapOf,
  nodeId,
  nullable,
  number,
  object,
  oneOf,
  text,
} from './json-schema.ts';

const fleetVersion: JsonSchema = { type: 'string', description: 'COUNTER/SETTER.' };
const fleetSettings = object({
  name: text,
  counter: integer,
  setter: nodeId,
  config: mapOf(anything),
  stage: nullable(object({ nodes: list(nodeId), tags: mapOf(text), lotMax: nullable(integer) })),
  takesBack: nullable(fleetVersion),
});

/** Schemas of what is said about settings for all boards. */
export const FLEET_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Fleet: object({
    schema: constant('gridvine.fleet/1'),
    self: nodeId,
    accept: boolean,
    settings: nullable(fleetSettings),
    staged: nullable(fleetSettings),
    running: nullable(fleetVersion),
    boards: list(
      object({
        id: nodeId,
        name: text,
        state: text,
        tries: boolean,
        running: nullable(fleetVersion),
        accepts: boolean,
        refused: nullable(object({ version: fleetVersion, why: text })),
        unwell: list(text),
      }),
    ),
    objections: list(text),
    history: list(fleetSettings),
    ignored: list(object({ owner: nodeId, why: oneOf('malformed', 'not-entitled', 'far-above') })),
  }),
  SetFleet: object(
    {
      config: mapOf(anything),
      stage: object({ nodes: list(nodeId), tags: mapOf(text), percent: nullable(number) }, [
        'nodes',
        'tags',
        'percent',
      ]),
    },
    ['stage'],
  ),
  PromoteFleet: object({ force: boolean, of: fleetVersion }, ['force', 'of']),
  RollbackFleet: object({ to: integer, of: fleetVersion }, ['to', 'of']),
  FleetSet: object({ schema: constant('gridvine.fleet-set/1'), settings: fleetSettings }),
};
