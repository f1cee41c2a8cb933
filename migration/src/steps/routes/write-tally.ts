import type { StrayMoment } from '../../replica/stray-writes.ts';
import type { AskedPath } from './asked-paths.ts';

/** A path whose requests wrote, or may have written, tables that another context maps. */
export interface ForgottenRoute {
  /** `null`: only the writer named the route, no facade had a write of it under way. */
  readonly method: string | null;
  readonly path: string;
  /** Another context whose route it is; `null`: nobody's. */
  readonly claimedBy: string | null;
  /** That facades sent to the monolith within the time of their record. */
  readonly requests: number;
  /** Writes that named its trace or route. */
  readonly certain: number;
  /** Others that happened while such a request was under way. */
  readonly possible: number;
  /** Of the possible ones: no other write was under way. */
  readonly alone: number;
  /** So many would fall into the time of its requests if they had nothing to do with them. */
  readonly byChance: number;
  /** `likely`: statements that were never seen without such a request, more often alone with it than by chance. */
  readonly verdict: 'certain' | 'likely' | 'possible';
  readonly tables: readonly string[];
  /** Of the newest write, ISO. */
  readonly lastAt: string;
}

type ByWriter = ReadonlyMap<string, readonly StrayMoment[]>;

/** So many times what chance explains is no chance. */
const farFromChance = 4;

/** What may have been written by requests of one path. */
export class Tally {
  readonly #path: AskedPath;
  readonly #tables = new Set<string>();
  readonly #alone = new Map<string, number>();
  #certain = 0;
  #possible = 0;
  #lastAt = 0;

  constructor(path: AskedPath) {
    this.#path = path;
  }

  add(write: StrayMoment, { certain, alone }: { certain: boolean; alone: boolean }): void {
    this.#tables.add(write.table);
    this.#lastAt = Math.max(this.#lastAt, write.at);
    if (certain) this.#certain += 1;
    else {
      this.#possible += 1;
      if (alone) this.#alone.set(write.writer, (this.#alone.get(write.writer) ?? 0) + 1);
    }
  }

  /** `past`: writes while no request was under way, `timed`: all writes, both by who wrote. */
  told(
    record: { readonly from: number; readonly to: number },
    { past, timed }: { readonly past: ByWriter; readonly timed: ByWriter },
  ): ForgottenRoute {
    const share = this.#path.shareOf(record);
    const chance = (writers: Iterable<string>): number =>
      share * [...writers].reduce((sum, writer) => sum + (timed.get(writer)?.length ?? 0), 0);
    const faithful = [...this.#alone].filter(([writer]) => !past.has(writer));
    const alone = faithful.reduce((sum, [, count]) => sum + count, 0);
    const likely = alone > farFromChance * chance(faithful.map(([writer]) => writer));
    const { method, path, context, requests } = this.#path;
    return {
      method,
      path,
      claimedBy: context === '' ? null : context,
      requests,
      certain: this.#certain,
      possible: this.#possible,
      alone: [...this.#alone.values()].reduce((sum, count) => sum + count, 0),
      byChance: Math.round(chance(timed.keys()) * 10) / 10,
      verdict: this.#certain > 0 ? 'certain' : likely ? 'likely' : 'possible',
      tables: [...this.#tables].toSorted(),
      lastAt: new Date(this.#lastAt).toISOString(),
    };
  }
}
