import type { IncomingMessage } from 'node:http';
import type { BodyReceiver, UpstreamAnswer } from './answer.ts';

/** An answer as node's client gives it. */
export class StreamedAnswer implements UpstreamAnswer {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly whole = undefined;
  readonly #answer: IncomingMessage;

  constructor(answer: IncomingMessage) {
    this.#answer = answer;
    this.status = answer.statusCode ?? 502;
    this.reason = answer.statusMessage ?? '';
    this.rawHeaders = answer.rawHeaders;
  }

  deliver(to: BodyReceiver): void {
    const answer = this.#answer;
    let over = false;
    const end = (whole: boolean): void => {
      if (over) return;
      over = true;
      if (whole) to.end(answer.rawTrailers);
      else to.broken();
    };
    answer.on('data', (chunk: Buffer) => {
      if (!to.chunk(chunk)) answer.pause();
    });
    // without a length, node takes a reset for the end
    answer.on('end', () => end(answer.complete && !answer.socket?.errored));
    answer.on('error', () => end(false));
    answer.on('close', () => end(false));
  }

  resume(): void {
    this.#answer.resume();
  }

  discard(): void {
    // httpxy cuts the client off when an answer ends early; this one is over on purpose
    this.#answer.complete = true;
    this.#answer.destroy();
  }
}
