// The description decides: routes, who may call them, and what a request may hold are read from openapi.json. An operation without a
// handler, or a handler without an operation, does not start.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { notFound } from './problem.js';

const methods = ['get', 'put', 'post', 'patch', 'delete'];

/** Compiles the operations of a document: [{ id, method, path, match, … }], paths without parameters first. */
export function operationsOf(document) {
  const checks = checksOf(document);
  const operations = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods.filter((m) => item[m])) {
      operations.push(compile(path, method, item[method], document, checks));
    }
  }
  return operations.sort((a, b) => a.parameters.length - b.parameters.length);
}

function checksOf(document) {
  const schemas = { $id: 'openapi', components: document.components };
  const make = (options) => addFormats(new Ajv2020({ allErrors: true, strict: false, ...options })).addSchema(schemas);
  // Text of a query becomes the number that its schema wants; a body is what it is.
  return { body: make({}), query: make({ coerceTypes: true, useDefaults: true }) };
}

const deref = (node, document) => (node.$ref ? node.$ref.slice(2).split('/').reduce((at, key) => at[key], document) : node);
const absolute = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components'));

function compile(path, method, operation, document, checks) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
  const parameters = (operation.parameters ?? []).map((p) => deref(p, document));
  const inQuery = parameters.filter((p) => p.in === 'query');
  const json = operation.requestBody && Object.keys(operation.requestBody.content);
  return {
    id: operation.operationId, method: method.toUpperCase(), path, parameters: names,
    match: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`),
    security: operation.security,
    media: json,
    bodyRequired: Boolean(operation.requestBody?.required),
    body: json && checks.body.compile(absolute(operation.requestBody.content[json[0]].schema)),
    query: checks.query.compile({
      type: 'object', additionalProperties: false, required: inQuery.filter((p) => p.required).map((p) => p.name),
      properties: Object.fromEntries(inQuery.map((p) => [p.name, absolute(p.schema)])),
    }),
    forms: parameters.filter((p) => p.in === 'path').map((p) => ({ name: p.name, check: checks.body.compile(absolute(p.schema)) })),
    key: parameters.some((p) => p.in === 'header' && p.name === 'Idempotency-Key'),
    conditional: parameters.some((p) => p.in === 'header' && p.name === 'If-Match'),
  };
}

/** Finds the operation of a request: { operation, values } or { allow } when the path is known with other methods, or undefined. */
export function route(operations, method, path) {
  const here = operations.filter((o) => o.match.test(path));
  // A path without parameters hides one with: /api/reviews/pending is not the review "pending".
  const nearest = here.filter((o) => o.parameters.length === here[0].parameters.length);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const operation = nearest.find((o) => o.method === wanted);
  if (operation) return { operation, values: valuesOf(operation, path) };
  if (nearest.length === 0) return undefined;
  const allow = nearest.map((o) => o.method);
  return { allow: (allow.includes('GET') ? [...allow, 'HEAD'] : allow).sort().join(', ') };
}

function valuesOf(operation, path) {
  const found = operation.match.exec(path).slice(1);
  return Object.fromEntries(operation.parameters.map((name, n) => [name, decode(found[n])]));
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no form fits it
  }
}

/** A path parameter of a wrong form names nothing that could exist. */
export function checkPath(operation, values) {
  for (const { name, check } of operation.forms) {
    if (!check(values[name])) throw notFound('thing', values[name]);
  }
}

/** What is wrong with a query, as fields; fills `into` with its values, converted. */
export function queryErrors(operation, search, into) {
  const errors = [];
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name);
    if (values.length > 1) errors.push({ parameter: `query.${name}`, detail: 'It may be there once.' });
    into[name] = values[0];
  }
  if (!operation.query(into)) {
    for (const e of operation.query.errors) {
      const name = e.params.missingProperty ?? e.params.additionalProperty ?? e.instancePath.slice(1);
      errors.push({ parameter: `query.${name}`, detail: e.keyword === 'additionalProperties' ? 'There is no such parameter.' : e.message });
    }
  }
  return errors;
}

/** So many mistakes are told; a body can hold a hundred thousand. */
const told = 20;

/** What is wrong with a body, each with a JSON pointer as URI fragment. */
export function bodyErrors(operation, body) {
  if (body === undefined) return operation.bodyRequired ? [{ pointer: '#', detail: 'A body is required.' }] : [];
  if (operation.body(body)) return [];
  const found = new Map(); // one reason for each place will do
  for (const e of operation.body.errors) {
    if (found.size === told) break;
    const name = e.params.missingProperty ?? e.params.additionalProperty;
    const step = name === undefined ? '' : `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const pointer = encodeURI(`#${e.instancePath}${step}`);
    if (!found.has(pointer)) found.set(pointer, { pointer, detail: e.keyword === 'additionalProperties' ? 'There is no such field.' : e.message });
  }
  return [...found.values()];
}
