import type { Problem } from '../proxy/problem.ts';

/** More than the facade can hold at a time is told to come again, before it costs anything. */
export class Shedding {
  inFlight = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** One more would be too many. */
  get full(): boolean {
    return this.inFlight >= this.#most;
  }
}

export const overloaded: Problem = {
  status: 503,
  code: 'OVERLOADED',
  detail: 'The facade has as many requests in its hands as it may have. Try again.',
  retryAfterSeconds: 1,
};
