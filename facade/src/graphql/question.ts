import { type Json, type JsonObject, readJson, Repeated } from '../shadow/json-text.ts';

/** One operation as a request asks for it. */
export interface Said {
  readonly document: string | undefined;
  /** Every name that it is given; servers differ in which counts. */
  readonly names: readonly string[];
  /** SHA-256 of the document, in hexadecimal digits: an automatic persisted query, or an id that is one. */
  readonly hash: string | undefined;
  /** Of a document that the server was told of before. */
  readonly id: string | undefined;
}

export type Question =
  | { readonly kind: 'said'; readonly all: readonly Said[] }
  /** Nothing that a GraphQL server would execute. */
  | { readonly kind: 'nothing' }
  /** A server may read more than is read here. */
  | { readonly kind: 'unreadable'; readonly because: string };

/** What a request says, before its document is looked at. */
export interface Spoken {
  readonly method: string;
  /** With its question mark. */
  readonly search: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Values of each line, where a name came more than once. */
  readonly contentTypes: readonly string[];
  /** Undefined: there is none. */
  readonly body: Buffer | undefined;
}

/** One of several ways to say one thing. */
class Doubt extends Error {}

const ids = ['id', 'documentId', 'doc_id'] as const;
const known = ['query', 'operationName', 'extensions', ...ids] as const;
type Known = (typeof known)[number];
/** Some servers take names in any case, or `query[]` for `query`. */
const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\[.*$/s, '')
    .replaceAll(/[^a-z_]/g, '');
const byPlainName = new Map<string, Known>(known.map((name) => [plainName(name), name]));

type Parts = Partial<Record<Known, Json>>;
const text = (value: Json | undefined, what: string): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new Doubt(`${what} is no text`);
  return value;
};
const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;

/** @throws Doubt for what readers of names disagree about */
function partsOf(entries: Iterable<readonly [string, Json]>): Parts {
  const parts: Parts = {};
  for (const [name, value] of entries) {
    const like = byPlainName.get(plainName(name));
    if (like === undefined) continue;
    if (like !== name) throw new Doubt(`${JSON.stringify(name)} may be read as ${like}`);
    if (value instanceof Repeated || name in parts) throw new Doubt(`${name} comes twice`);
    parts[like] = value;
  }
  return parts;
}

const digest = /^(?:sha256:)?([\da-f]{64})$/;

function hashIn(extensions: Json | undefined): string | undefined {
  if (extensions === undefined || extensions === null) return undefined;
  if (!isObject(extensions)) throw new Doubt('extensions is no object');
  const like = [...extensions.keys()].filter((name) => plainName(name) === 'persistedquery');
  if (like.length === 0) return undefined;
  const persisted = extensions.get('persistedQuery');
  if (like.length > 1 || persisted === undefined || persisted instanceof Repeated)
    throw new Doubt('persistedQuery is not said once');
  if (persisted === null) return undefined;
  const hash = isObject(persisted) ? persisted.get('sha256Hash') : undefined;
  const alike = isObject(persisted)
    ? [...persisted.keys()].filter((name) => /^sha256hash$/i.test(name))
    : [];
  if (typeof hash !== 'string' || alike.length !== 1)
    throw new Doubt('persistedQuery has not one sha256Hash');
  return hash.toLowerCase();
}

function saidOf(parts: Parts, name?: string): Said {
  const { query, operationName, extensions } = parts;
  const given = ids.flatMap((one) => text(parts[one], one) ?? []);
  if (new Set(given).size > 1) throw new Doubt('it names two documents');
  const [id] = given;
  const own = id === undefined ? undefined : digest.exec(id.toLowerCase())?.[1];
  const hash = hashIn(extensions);
  if (hash !== undefined && own !== undefined && own !== hash)
    throw new Doubt('it names two documents');
  return {
    document: text(query, 'query') || undefined,
    names: [text(operationName, 'operationName') ?? '', name ?? ''],
    hash: hash ?? own,
    id: own === undefined ? id : undefined,
  };
}

const isEmpty = ({ document, hash, id }: Said): boolean =>
  document === undefined && hash === undefined && id === undefined;

/** Of `a=1&b=2`, with or without its question mark; some servers also part at `;`. */
function formParts(form: string): Parts {
  const pairs = (wanted: string): Parts => partsOf(new URLSearchParams(wanted));
  const parts = pairs(form);
  const parted = form.includes(';') ? pairs(form.replaceAll(';', '&')) : parts;
  if (known.some((name) => parts[name] !== parted[name]))
    throw new Doubt('a parameter has a semicolon');
  const { extensions } = parts;
  return typeof extensions === 'string' && extensions !== ''
    ? { ...parts, extensions: readJson(extensions) }
    : parts;
}

/** @throws Doubt, SyntaxError, TypeError */
function saidInBody(mediaType: string, body: Buffer, name: string | undefined): readonly Said[] {
  const decoded = new TextDecoder('utf-8', { fatal: true }).decode(body);
  if (mediaType === 'application/graphql') return [saidOf({ query: decoded }, name)];
  if (mediaType === 'application/x-www-form-urlencoded') return [saidOf(formParts(decoded), name)];
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(mediaType))
    throw new Doubt(`its media type is ${mediaType === '' ? 'not said' : mediaType}`);
  const json = readJson(decoded);
  const all = Array.isArray(json) ? (json as readonly Json[]) : [json];
  return all.map((one) => {
    if (!isObject(one)) throw new Doubt('it has something that is no object');
    return saidOf(partsOf(one), name);
  });
}

function question({ method, search, headers, contentTypes, body }: Spoken): Question {
  const inSearch = formParts(search);
  const found = (all: readonly Said[]): Question =>
    all.some((one) => !isEmpty(one)) ? { kind: 'said', all } : { kind: 'nothing' };
  if (method === 'GET' || method === 'HEAD') {
    const said = found([saidOf(inSearch)]);
    if (body === undefined) return said;
    throw new Doubt(`a ${method} has a body`);
  }
  const name = text(inSearch.operationName, 'operationName');
  const { operationName: _, ...more } = inSearch;
  if (Object.keys(more).length > 0) throw new Doubt('the address names a document as well');
  if (body === undefined || body.length === 0) return { kind: 'nothing' };
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity' || 'content_encoding' in headers)
    throw new Doubt('its body is compressed');
  const [said = '', ...twice] = contentTypes;
  if (twice.length > 0 || 'content_type' in headers)
    throw new Doubt('its media type is said more than once');
  const [mediaType = '', ...parameters] = said.toLowerCase().split(';');
  const charset = /charset\s*=\s*"?([^";\s]*)/.exec(parameters.join(';'))?.[1] ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8') throw new Doubt(`its charset is ${charset}`);
  return found(saidInBody(mediaType.trim(), body, name));
}

/**
 * What a request asks a GraphQL server for, by GET or POST, alone or several at once. Where readers of such requests disagree (a name
 * that comes twice, a charset, a compressed body), it says so and does not guess; it never throws.
 */
export function readQuestion(spoken: Spoken): Question {
  try {
    return question(spoken);
  } catch (error) {
    if (error instanceof Doubt) return { kind: 'unreadable', because: error.message };
    // what is no UTF-8 is a TypeError, what is no JSON a SyntaxError
    const what = error instanceof TypeError ? 'no UTF-8' : 'no JSON';
    return { kind: 'unreadable', because: `it has ${what}` };
  }
}
