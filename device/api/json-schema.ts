/** The few words of JSON Schema that the API's documents need. */
export type JsonSchema = { readonly [key: string]: unknown };

export const text: JsonSchema = { type: 'string' };
export const integer: JsonSchema = { type: 'integer' };
export const number: JsonSchema = { type: 'number' };
export const anything: JsonSchema = {};
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
export const constant = (value: string): JsonSchema => ({ const: value });
export const oneOf = (...values: string[]): JsonSchema => ({ type: 'string', enum: values });
export const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
export const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const mapOf = (values: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties: values });
export const object = (
  properties: Record<string, JsonSchema>,
  optional: readonly string[] = [],
): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
});

export const boolean: JsonSchema = { type: 'boolean' };
export const nodeId: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{32}$' };
