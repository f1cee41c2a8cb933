import type { MigrationDefinition } from '@strangler-toolkit/plan';

/**
 * So many in any second, not so many on average: a service that is new to its load gets no burst. One number per place is kept;
 * nothing runs while nobody asks.
 */
export class RampCeiling {
  readonly perSecond: number;
  readonly #taken: Float64Array;
  #next = 0;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
    this.#taken = new Float64Array(perSecond).fill(-Infinity);
  }

  /** `now`: on this process's monotonic clock, milliseconds. */
  hasRoom(now: number): boolean {
    return now - (this.#taken[this.#next] ?? 0) >= 1_000;
  }

  take(now: number): void {
    this.#taken[this.#next] = now;
    this.#next = (this.#next + 1) % this.#taken.length;
  }
}

/** One more under all of them; what finds no room under one takes none under another. */
export function takeUnder(ceilings: readonly RampCeiling[], now: number): boolean {
  for (const ceiling of ceilings) if (!ceiling.hasRoom(now)) return false;
  for (const ceiling of ceilings) ceiling.take(now);
  return true;
}

/** Of one context: of all its routes together, and of single ones by name. */
export interface RampCeilings {
  readonly all: RampCeiling | undefined;
  readonly of: ReadonlyMap<string, RampCeiling>;
}

/** What a context file says; the ceilings of before know what this second has had, and stay where nothing else is said. */
export function ceilingsOf(
  { rampCeiling, routes }: Pick<MigrationDefinition, 'rampCeiling' | 'routes'>,
  before: RampCeilings | undefined,
): RampCeilings {
  const same = (perSecond: number, known: RampCeiling | undefined): RampCeiling =>
    known?.perSecond === perSecond ? known : new RampCeiling(perSecond);
  const of = new Map<string, RampCeiling>();
  for (const { name, rampCeiling: own } of routes)
    if (own !== undefined) of.set(name, same(own, before?.of.get(name)));
  return { all: rampCeiling === undefined ? undefined : same(rampCeiling, before?.all), of };
}

/** Those that a read of the route is under. */
export const under = ({ all, of }: RampCeilings, route: string): readonly RampCeiling[] =>
  [all, of.get(route)].filter((ceiling) => ceiling !== undefined);
