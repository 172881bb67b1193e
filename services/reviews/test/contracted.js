// The contract's schemas of events. They are in the repository and not in the service's image, where nothing is held to them.
import { existsSync, readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export const contracted = new URL('../../contract/v1/schemas/events/', import.meta.url);

/** The schema of a type's data; undefined where there is no contract. */
export const schemaOf = (type) => (existsSync(contracted) ? JSON.parse(readFileSync(new URL(`${type}.json`, contracted))) : undefined);

const checks = new Map();

export function fits(type, data) {
  if (!checks.has(type)) {
    const schema = schemaOf(type);
    checks.set(type, schema ? addFormats(new Ajv2020({ strict: false })).compile(schema) : () => true);
  }
  return checks.get(type)(data);
}
