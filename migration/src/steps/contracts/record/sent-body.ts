import { type BodyNote, expectedBody, type MatchingRule } from './expected-body.ts';
import { jsonOf } from './json-values.ts';
import type { SentBody } from './recorded-answers.ts';

/** What a drafted write sends: of the form that was seen, examples made up. Nothing where nothing was sent. */
export interface DraftedBody {
  readonly contentType?: string;
  readonly body?: {
    readonly content: unknown;
    readonly contentType: string;
    readonly encoded: false;
  };
  readonly rules?: Readonly<Record<string, MatchingRule>>;
  readonly notes?: readonly BodyNote[];
}

/** Of requests of one media type, or why none can be drafted. */
export function sentBody(sent: readonly (SentBody | undefined)[]): DraftedBody | string {
  const bodies = sent.filter((body) => body !== undefined);
  const [first] = bodies;
  if (first === undefined) return {};
  const contentType = (first.contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (!/[/+]json$/.test(contentType))
    return `what was sent is ${contentType || 'of no type'}, no JSON`;
  const values = bodies.map(({ text }) => (text === undefined ? undefined : jsonOf(text)));
  const read = values.filter((value) => value !== undefined);
  if (read.length < bodies.length) return 'what was sent is not recorded as a whole, or is no JSON';
  const expected = expectedBody(read);
  if (expected === undefined) return 'what was sent has too little in common';
  return {
    contentType,
    body: { content: expected.example, contentType, encoded: false },
    rules: expected.rules,
    notes: expected.notes.map(({ at, note }) => ({ at: `sent ${at}`, note })),
  };
}
