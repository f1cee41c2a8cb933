import { conforms, type Held } from './conforms.ts';
import { isObject, type Json, type Operation, operationsOf, resolver } from './document.ts';

/** One interaction, as a pact (of any version) with it alone. */
export interface HeldInteraction {
  readonly consumer: string;
  readonly description: string;
  readonly kind: 'http' | 'message';
  readonly pact: string;
}

export interface HeldPact {
  readonly consumer: string;
  readonly description: string;
  /** What the document does not allow; empty where it does. */
  readonly differences: readonly string[];
  /** What of it could not be judged. */
  readonly passedOver: readonly string[];
}

/**
 * Interactions against a document: what a client relies on and the side does not promise. Of an answer a pact names only what its
 * client reads, so what it leaves out is no difference; a request that is to be refused may be as wrong as it likes.
 */
export function holdPacts(document: Json, pacts: readonly HeldInteraction[]): readonly HeldPact[] {
  const operations = [...operationsOf(document).values()]
    // A fixed word beats a parameter.
    .toSorted((a, b) => a.key.split('{}').length - b.key.split('{}').length)
    .map((operation) => ({ operation, pattern: patternOf(operation.key) }));
  const resolve = resolver(document);
  return pacts
    .filter(({ kind }) => kind === 'http')
    .map(({ consumer, description, pact }) => {
      const { request, response } = interactionOf(pact);
      const asked = `${textOr('GET', request.method).toUpperCase()} ${textOr('/', request.path)}`;
      const found = operations.find(({ pattern }) => pattern.test(asked))?.operation;
      if (found === undefined)
        return {
          consumer,
          description,
          differences: [`${asked} is not described`],
          passedOver: [],
        };
      const passedOver = new Set<string>();
      const held = { resolve, passOver: (said: string): void => void passedOver.add(said) };
      const refused = statusOf(response) >= 400;
      const differences = [
        ...(refused ? [] : askedOf(found, request, held)),
        ...answeredBy(found, response, held),
      ];
      return { consumer, description, differences, passedOver: [...passedOver] };
    });
}

const patternOf = (key: string): RegExp =>
  new RegExp(
    `^${key
      .split('{}')
      .map((text) => text.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`))
      .join('[^/]+')}$`,
  );

type Judging = Pick<Held, 'resolve' | 'passOver'>;

function askedOf(operation: Operation, request: Json, held: Judging): string[] {
  const unknown = queryNames(request.query)
    .filter((name) => !operation.parameters.some(({ where }) => where === `query ${name}`))
    .map((name) => `request: the parameter ${name} is not described`);
  const body = bodyOf(request);
  return body === undefined
    ? unknown
    : [...unknown, ...judged('request', operation.body, body, { ...held, complete: true })];
}

function answeredBy({ answers }: Operation, response: Json, held: Judging): string[] {
  const status = statusOf(response);
  const content = answers[status] ?? answers[`${Math.trunc(status / 100)}XX`] ?? answers.default;
  if (content === undefined) return [`answer: the status ${status} is not described`];
  const body = bodyOf(response);
  return body === undefined
    ? []
    : judged(`answer ${status}`, content, body, { ...held, complete: false });
}

function judged(part: string, described: Json, { type, content }: Body, held: Held): string[] {
  const media = described[type] ?? described[`${type.split('/')[0] ?? ''}/*`] ?? described['*/*'];
  if (media === undefined) return [`${part}: ${type} is not described`];
  if (!isObject(media) || !/[/+]json$/.test(type)) return [];
  return conforms(media.schema, content, '$', held).map((said) => `${part}: ${said}`);
}

const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const textOr = (otherwise: string, value: unknown): string =>
  typeof value === 'string' ? value : otherwise;
const statusOf = ({ status }: Json): number => Number(status ?? 200);

function interactionOf(pact: string): Readonly<Record<'request' | 'response', Json>> {
  const { interactions } = objectOf(JSON.parse(pact) as unknown);
  const [first] = Array.isArray(interactions) ? (interactions as unknown[]) : [];
  const { request, response } = objectOf(first);
  return { request: objectOf(request), response: objectOf(response) };
}

/** Text until version 2, names with values since. */
const queryNames = (query: unknown): string[] =>
  typeof query === 'string' ? [...new URLSearchParams(query).keys()] : Object.keys(objectOf(query));

interface Body {
  /** Media type without parameters. */
  readonly type: string;
  readonly content: unknown;
}

/**
 * V4 wraps a body with its type (any, where a file is matched by its beginning); before, it stands by itself. undefined where the
 * pact says nothing of one.
 */
function bodyOf({ body, headers }: Json): Body | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  const wrapped = isObject(body) && 'content' in body && 'encoded' in body;
  if (wrapped && (body.content === '' || body.content === undefined)) return undefined;
  const header = Object.entries(objectOf(headers)).find(
    ([name]) => name.toLowerCase() === 'content-type',
  )?.[1];
  const wrapper = wrapped && body.contentType !== '*/*' ? body.contentType : undefined;
  const said = wrapper ?? (Array.isArray(header) ? (header[0] as unknown) : header);
  const type = typeof said === 'string' ? (said.split(';')[0] ?? '').trim().toLowerCase() : '';
  return { type: type || 'application/json', content: wrapped ? body.content : body };
}
