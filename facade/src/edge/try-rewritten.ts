import { sendProblem } from '../proxy/problem.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import { lingerAfterEarlyAnswer } from '../proxy/relay.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Passage } from '../serving/passage.ts';
import type { Serving } from '../serving/serving.ts';
import { gather } from './gather.ts';
import { otherAnswer } from './other-answer.ts';
import { readBody } from './read-body.ts';
import { type BodyOutcome, type NotRenamed, renameBody, saysJson } from './rename-body.ts';
import {
  headOfAsking,
  headOfRenamed,
  markedTags,
  type Rewrite,
  rewriteHeaders,
  withoutHeaders,
} from './rewrite.ts';

type Parts = Pick<Serving, 'metrics' | 'deadlines'>;
export type Ask = (passage: Passage, patienceMs: number) => Promise<Attempt>;

const gone: Attempt = { kind: 'client-gone' };
const told: Readonly<Record<NotRenamed, string>> = {
  'too-large': 'it is too large',
  encoding: 'it is compressed in a way that cannot be read',
  charset: 'it is no UTF-8',
  'not-json': 'it is no JSON',
  collision: 'two of them would have the same name',
};

/** One side's answer to a request that travels, and comes back, by the rules of the edge. */
export async function tryRewritten(
  parts: Parts,
  passage: Passage,
  { rewrite, patienceMs, ask }: { rewrite: Rewrite; patienceMs: number; ask: Ask },
): Promise<Attempt> {
  const started = performance.now();
  const left = (): number => patienceMs - (performance.now() - started);
  const sent = await rewriteRequest(parts, passage, { rewrite, withinMs: patienceMs });
  if (!sent) return gone;
  const attempt = await ask(sent, left());
  if (attempt.kind !== 'answer') return attempt;
  return rewriteAnswer(parts, passage, { rewrite, answer: attempt.answer, withinMs: left() });
}

const withLength = (headers: readonly string[], { length }: Uint8Array): string[] => [
  ...withoutHeaders(headers, (name) => name === 'content-length'),
  'content-length',
  String(length),
];

/** Undefined: it is answered already, or nobody is there any more. */
async function rewriteRequest(
  { metrics }: Parts,
  passage: Passage,
  { rewrite, withinMs }: { rewrite: Rewrite; withinMs: number },
): Promise<Passage | undefined> {
  const { request, answer, maxBytes, refuses } = rewrite;
  const { arrival, withBody } = passage;
  let headers = rewriteHeaders(passage.headers, request);
  const isRead = arrival.method === 'GET' || arrival.method === 'HEAD';
  if (answer.fields.length > 0) headers = headOfAsking(headers, rewrite.mark, isRead);
  const toRename = request.fields.length > 0 && saysJson(passage.headers);
  if (!toRename || !(withBody || passage.body)) return { ...passage, headers };
  const announced = Number(arrival.headers['content-length'] ?? 0);
  let outcome: BodyOutcome = { kind: 'too-large' };
  let partly = false;
  if (announced <= maxBytes) {
    const body = passage.body ?? (await readBody(arrival.request, maxBytes, withinMs));
    if (body === 'gone') return undefined;
    partly = body === 'too-large';
    if (body !== 'too-large')
      outcome = await renameBody(body, passage.headers, { fields: request.fields, maxBytes });
    if (body !== 'too-large' && !('body' in outcome) && !refuses) {
      metrics.edgeRewrites.inc({ message: 'request', outcome: outcome.kind });
      // read as a whole it has a length, and without one its bytes would be taken for the next request
      return { ...passage, headers: withLength(headers, body), withBody: false, body };
    }
  }
  metrics.edgeRewrites.inc({ message: 'request', outcome: outcome.kind });
  if ('body' in outcome) {
    const { body } = outcome;
    const plain = withoutHeaders(headers, (name) => name === 'content-encoding');
    return { ...passage, headers: withLength(plain, body), withBody: false, body };
  }
  if (!refuses && !partly) return { ...passage, headers };
  refuse(passage, outcome.kind);
  return undefined;
}

function refuse({ arrival, response, told: said }: Passage, why: NotRenamed): void {
  said.reason = 'not-rewritable';
  lingerAfterEarlyAnswer(response, true);
  response.once('close', () => setImmediate(() => arrival.request.resume()));
  sendProblem(response, {
    status: why === 'too-large' ? 413 : 422,
    code: 'BODY_NOT_REWRITABLE',
    requestId: arrival.trace.requestId,
    detail: `Fields of this body cannot be renamed: ${told[why]}.`,
  });
}

async function rewriteAnswer(
  { metrics, deadlines }: Parts,
  { arrival, response }: Passage,
  { rewrite, answer, withinMs }: { rewrite: Rewrite; answer: UpstreamAnswer; withinMs: number },
): Promise<Attempt> {
  const { answer: by, mark, maxBytes, refuses } = rewrite;
  const headers = rewriteHeaders(answer.rawHeaders, by);
  const asIs = (from: UpstreamAnswer): Attempt => ({
    kind: 'answer',
    answer: otherAnswer(from, headers),
  });
  const { status } = answer;
  if (by.fields.length === 0) return asIs(answer);
  if (status === 304) {
    // only about what has these rules' names: nobody else's tags were sent
    const same = withoutHeaders(headers, (name) => name === 'last-modified');
    return { kind: 'answer', answer: otherAnswer(answer, markedTags(same, mark)) };
  }
  if (!saysJson(answer.rawHeaders) || status === 204 || status === 206) return asIs(answer);
  if (arrival.method === 'HEAD') {
    const head = headOfRenamed(headers, 0, mark).slice(0, -2);
    return { kind: 'answer', answer: otherAnswer(answer, head) };
  }
  const got = await gather(answer, { response, deadlines, maxBytes, withinMs });
  if (got.kind === 'client-gone') return gone;
  if (got.kind === 'late') return failed('timeout', 'its body did not come in time');
  if (got.kind === 'broken') return failed('unreachable', 'it broke off in its body');
  const outcome: BodyOutcome =
    got.kind === 'whole'
      ? await renameBody(got.body, answer.rawHeaders, { fields: by.fields, maxBytes })
      : { kind: 'too-large' };
  metrics.edgeRewrites.inc({ message: 'answer', outcome: outcome.kind });
  if ('body' in outcome) {
    const { body } = outcome;
    const head = headOfRenamed(headers, body.length, mark);
    return { kind: 'answer', answer: otherAnswer(answer, head, body) };
  }
  if (refuses) {
    answer.discard();
    return failed('unrewritable', `its fields cannot be renamed: ${told[outcome.kind]}`);
  }
  return got.kind === 'too-large'
    ? asIs(got.answer)
    : { kind: 'answer', answer: otherAnswer(answer, headers, got.body) };
}

const failed = (kind: UpstreamFailure['kind'], why: string): Attempt => ({
  kind: 'failed',
  failure: new UpstreamFailure(kind, why),
  stale: false,
});
