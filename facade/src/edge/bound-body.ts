import { sendProblem } from '../proxy/problem.ts';
import { lingerAfterEarlyAnswer } from '../proxy/relay.ts';
import type { Passage } from '../serving/passage.ts';
import type { Serving } from '../serving/serving.ts';
import { announcesTooMuch, byteCounter } from './body-limit.ts';

/** The upload is read on for a moment, or its client would meet a reset while it writes and never hear why. */
function refuse(
  { metrics }: Pick<Serving, 'metrics'>,
  { arrival, response, told }: Passage,
  maxBytes: number,
): void {
  metrics.rejected.inc({ code: 'BODY_TOO_LARGE' });
  told.reason = 'body-too-large';
  // who asks first has sent nothing, and need not be read
  const asksFirst = arrival.headers.expect !== undefined;
  if (!asksFirst) lingerAfterEarlyAnswer(response, true);
  sendProblem(response, {
    status: 413,
    code: 'BODY_TOO_LARGE',
    requestId: arrival.trace.requestId,
    detail: `The body of this request may have ${maxBytes} bytes.`,
    close: asksFirst,
  });
}

/** False: it is refused, and no upstream has seen it. A body that grows too large on its way is cut off there. */
export function boundBody(
  serving: Pick<Serving, 'metrics'>,
  passage: Passage,
  maxBytes: number,
): boolean {
  const { arrival, response, withBody, body, told } = passage;
  const { request } = arrival;
  if (!withBody && (body === undefined || body.length <= maxBytes)) return true;
  if (body !== undefined || announcesTooMuch(arrival.headers['content-length'], maxBytes)) {
    told.unasked = true;
    refuse(serving, passage, maxBytes);
    return false;
  }
  const count = byteCounter(maxBytes, () => {
    if (response.writableEnded) return;
    if (response.headersSent) return void response.destroy();
    refuse(serving, passage, maxBytes);
    // whoever sent it on lets go of it when the answer is over
    response.once('close', () => setImmediate(() => request.resume()));
  });
  // a listener makes the body flow: not before whoever sends it on listens
  const listen = (event: string | symbol): void => {
    if (event !== 'data') return;
    request.off('newListener', listen);
    request.on('data', count);
  };
  request.on('newListener', listen);
  return true;
}
