import {
  AGGREGATE_FUNCTIONS,
  type AggregateFunction,
  type AggregateQuery,
} from '#runtime/coordination/aggregates/contract.ts';
import { ApiError } from '../api-error.ts';
import { json, type Route, route } from '../route.ts';

type Query = Readonly<Record<string, string>>;

/** One number of many nodes' values. */
export const aggregateRoute: Route = route({
  method: 'GET',
  path: '/v1/aggregate',
  operationId: 'getAggregate',
  summary:
    "One number of a key's values on many nodes, as this node knows them. Its value is null, with the reason, rather than of less than was asked for.",
  query: [
    { name: 'key', required: true, description: 'Of the records.' },
    { name: 'function', required: true, description: `One of ${AGGREGATE_FUNCTIONS.join(', ')}.` },
    {
      name: 'minCoverage',
      required: true,
      description: 'The least share of the expected nodes that must count, 0 to 1.',
    },
    { name: 'maxAgeMs', required: true, description: 'The oldest value that counts, in milliseconds.' },
    { name: 'quantile', description: 'Of the function quantile: 0 to 1.' },
    { name: 'groupBy', description: 'A tag: one group for each of its values.' },
    { name: 'where', description: 'Only nodes with these tags: TAG=VALUE, several with commas.' },
    {
      name: 'expected',
      description: 'How many nodes there should be; default: all members that have not left.',
    },
    { name: 'quality', description: 'The worst quality that counts: good, sub (default) or stale.' },
  ],
  replySchema: 'Aggregate',
  handle: ({ query }, { node }) => {
    const { groups, ...answer } = node.aggregate(queryOf(query));
    return json({
      schema: 'gridvine.aggregate/1',
      ...answer,
      groups: groups.map(({ oldestMs, oldestBoundMs, leftOut, ...group }) => ({
        ...group,
        oldestMs: whole(oldestMs),
        oldestBoundMs: oldestBoundMs === null ? null : Math.ceil(oldestBoundMs),
        leftOut: leftOut.map((each) => ({ ...each, ageMs: whole(each.ageMs) })),
      })),
    });
  },
});

/** What makes no sense is for `node.aggregate` to say. @throws ApiError for what is no number, or isn't there. */
function queryOf(query: Query): AggregateQuery {
  const { groupBy, where, quality } = query;
  return {
    key: required(query, 'key'),
    function: required(query, 'function') as AggregateFunction,
    minCoverage: numberOf(required(query, 'minCoverage'), 'minCoverage'),
    maxAgeMs: numberOf(required(query, 'maxAgeMs'), 'maxAgeMs'),
    ...(query.quantile === undefined ? {} : { quantile: numberOf(query.quantile, 'quantile') }),
    ...(query.expected === undefined ? {} : { expected: numberOf(query.expected, 'expected') }),
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(where === undefined ? {} : { where: tagsOf(where) }),
    ...(quality === undefined ? {} : { quality: quality as NonNullable<AggregateQuery['quality']> }),
  };
}

function required(query: Query, name: string): string {
  const text = query[name];
  if (text === undefined)
    throw new ApiError(400, 'E_REQUEST', `query: expected the parameter ${name}; got none`);
  return text;
}

function numberOf(text: string, name: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number))
    throw new ApiError(400, 'E_REQUEST', `${name}: expected a number; got ${text}`);
  return number;
}

function tagsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new ApiError(400, 'E_REQUEST', `where: expected TAG=VALUE; got ${pair}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
