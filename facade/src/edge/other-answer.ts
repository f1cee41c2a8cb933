import type { UpstreamAnswer } from '../proxy/answer.ts';

/** The same answer with another head, and maybe another body. */
export const otherAnswer = (
  answer: UpstreamAnswer,
  rawHeaders: readonly string[],
  body?: Buffer,
): UpstreamAnswer => ({
  status: answer.status,
  reason: answer.reason,
  rawHeaders,
  said: answer.said ?? answer.rawHeaders,
  whole: body ?? answer.whole,
  deliver(to) {
    if (body === undefined) return answer.deliver(to);
    if (body.length > 0) to.chunk(body);
    return to.end([]);
  },
  resume: () => answer.resume(),
  discard: () => answer.discard(),
});
