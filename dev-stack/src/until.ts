import { inspect } from 'node:util';

export interface UntilOptions {
  /** Milliseconds until a wait counts as a hang. How soon something happens is for `expect` to say. */
  readonly withinMs?: number;
  /** Milliseconds between two questions. Default: 25, and up to 100 the longer it takes; many questions open a connection. */
  readonly everyMs?: number;
  /** What else the failure tells: logs of a server, for one. */
  readonly alsoTell?: () => string;
}

/** Thrown by a probe that knows that its answer cannot come any more: the wait ends at once. */
export class Hopeless extends Error {}

type Nothing = undefined | null | false;
export type Found<T> = Exclude<T, Nothing>;

/**
 * Asks again and again until there is an answer other than undefined, null or false, and returns it. An error is an answer not yet given.
 *
 * @throws when there is none in time, with what was waited for and the last answer or error.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { withinMs = 120_000, everyMs, alsoTell }: UntilOptions = {},
): Promise<Found<T>> {
  const began = performance.now();
  const deadline = began + withinMs;
  for (;;) {
    let last: string;
    let cause: unknown;
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== null && answer !== false) return answer as Found<T>;
      last = `last answer: ${inspect(answer)}`;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      cause = error;
      last = `last error: ${String(error)}`;
    }
    if (performance.now() > deadline) {
      const more = alsoTell ? `\n${alsoTell()}` : '';
      throw new Error(`waited ${withinMs / 1_000} s for ${what}; ${last}${more}`, { cause });
    }
    const pause = everyMs ?? Math.min(100, Math.max(25, (performance.now() - began) / 20));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
