import { StranglerError } from '@strangler-toolkit/plan';
import { knows, majorOf } from '../database/supported-versions.ts';
import { pause } from '../pause.ts';

/** How much a second may be read from the source. */
export interface Rate {
  readonly unit: 'rows' | 'bytes';
  readonly perSecond: number;
}

const bytesIn: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9 };

/** `20000rows`, `5MB`. @throws StranglerError USAGE */
export function parseRate(text: string): Rate {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?(rows|kb|mb|gb)$/i.exec(text.trim()) ?? [];
  const perSecond = Number(number) * (bytesIn[unit.toLowerCase()] ?? 1);
  if (!(perSecond > 0))
    throw new StranglerError(
      'USAGE',
      `--max-rate ${JSON.stringify(text)} must be a number above 0 with rows, kB, MB or GB (of a second): 20000rows, 5MB`,
    );
  return { unit: unit.toLowerCase() === 'rows' ? 'rows' : 'bytes', perSecond };
}

/**
 * Small ranges are what a pace is made of; a server that reads the whole table for each would be read more, not less.
 * @throws StranglerError DB_VERSION
 */
export function requirePaceable(version: number): void {
  if (knows(version, 'tidRanges')) return;
  throw new StranglerError(
    'DB_VERSION',
    `--max-rate: the monolith is PostgreSQL ${majorOf(version)}, which reads the whole table for every range of its pages`,
    {
      remedy:
        'Leave --max-rate out (the copy then reads few, large ranges), or upgrade that server to 14 or newer.',
    },
  );
}

/** A timer that is set to more ends at once. */
const longestWaitMs = 2 ** 31 - 1;

export interface Clock {
  now(): number;
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const realClock: Clock = { now: () => performance.now(), wait: pause };

/**
 * A bucket of tokens that holds those of one second. What a range costs is known when it was read, so a range may begin while
 * there is anything left, and debts are paid before the next: over time no more is read than the rate allows.
 */
export class Pace {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #left: number;
  #at: number;

  constructor(rate: Rate, clock: Clock = realClock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#left = rate.perSecond;
    this.#at = clock.now();
  }

  /** Resolves when the next range may be read, or when the signal fires. */
  async turn(signal: AbortSignal): Promise<void> {
    for (let wait = this.#wait(); wait > 0 && !signal.aborted; wait = this.#wait())
      await this.#clock.wait(wait, signal);
  }

  spent(rows: number, bytes: number): void {
    this.#left -= this.#rate.unit === 'rows' ? rows : bytes;
  }

  /** Milliseconds until something is left, or as many of them as can be waited for at once. */
  #wait(): number {
    const { perSecond } = this.#rate;
    const now = this.#clock.now();
    this.#left = Math.min(perSecond, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#left > 0) return 0;
    return Math.min(longestWaitMs, Math.max(1, Math.ceil((-this.#left / perSecond) * 1000)));
  }
}
