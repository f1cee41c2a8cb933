import type { StrayMoment } from '../../replica/stray-writes.ts';
import type { AskedPath } from './asked-paths.ts';

/** A path whose requests wrote, or may have written, mapped tables, and that is no write of the context that maps them. */
export interface ForgottenRoute {
  /** `null`: only the writer named the route, no facade had a request of it under way. */
  readonly method: string | null;
  readonly path: string;
  /** Whose route it is: another context's, or a read of this one; `null`: nobody's. */
  readonly claimedBy: string | null;
  readonly claimedAs: 'read' | 'write' | null;
  /** That facades sent to the monolith within the time of their record. */
  readonly requests: number;
  /** Writes that named its trace or route. */
  readonly certain: number;
  /** Others that happened while such a request was under way. */
  readonly possible: number;
  /** Of the possible ones: no other write was under way, and of a read: nothing else at all. */
  readonly alone: number;
  /** So many would fall into the time of its requests if they had nothing to do with them. */
  readonly byChance: number;
  /**
   * `likely`: statements that were never seen without such a request, more often alone with it than by chance; of a read in
   * three requests at least, for there are many that may be under way by chance. A read that is only possible is not told.
   */
  readonly verdict: 'certain' | 'likely' | 'possible';
  readonly tables: readonly string[];
  /** Of the newest write, ISO. */
  readonly lastAt: string;
}

type ByWriter = ReadonlyMap<string, readonly StrayMoment[]>;

/** What a path is held against. */
export interface Against {
  readonly record: { readonly from: number; readonly to: number };
  /** All writes by who wrote. */
  readonly timed: ByWriter;
  /** Whether a statement was seen without a request of this path. */
  readonly seenWithout: (writer: string, path: AskedPath) => boolean;
  /** In so many requests at least, or times without a pause between them, it must have been alone. */
  readonly times: number;
}

/** So many times what chance explains is no chance. */
const farFromChance = 4;

/** What may have been written by requests of one path. */
export class Tally {
  readonly #path: AskedPath;
  readonly #tables = new Set<string>();
  readonly #alone = new Map<string, { writes: number; readonly spans: Set<number> }>();
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
      if (alone) this.#addAlone(write);
    }
  }

  #addAlone({ writer, at }: StrayMoment): void {
    const alone = this.#alone.get(writer) ?? { writes: 0, spans: new Set() };
    this.#alone.set(writer, alone);
    alone.writes += 1;
    alone.spans.add(this.#path.spanAt(at) ?? at);
  }

  told({ record, timed, seenWithout, times }: Against): ForgottenRoute {
    const share = this.#path.shareOf(record);
    const chance = (writers: Iterable<string>): number =>
      share * [...writers].reduce((sum, writer) => sum + (timed.get(writer)?.length ?? 0), 0);
    const faithful = [...this.#alone].filter(([writer]) => !seenWithout(writer, this.#path));
    const alone = faithful.reduce((sum, [, { writes }]) => sum + writes, 0);
    const spans = new Set(faithful.flatMap(([, { spans: some }]) => [...some]));
    const likely =
      spans.size >= times && alone > farFromChance * chance(faithful.map(([writer]) => writer));
    const { method, path, context, requests } = this.#path;
    return {
      method,
      path,
      claimedBy: context === '' ? null : context,
      claimedAs: context === '' ? null : this.#path.reads ? 'read' : 'write',
      requests,
      certain: this.#certain,
      possible: this.#possible,
      alone: [...this.#alone.values()].reduce((sum, { writes }) => sum + writes, 0),
      byChance: Math.round(chance(timed.keys()) * 10) / 10,
      verdict: this.#certain > 0 ? 'certain' : likely ? 'likely' : 'possible',
      tables: [...this.#tables].toSorted(),
      lastAt: new Date(this.#lastAt).toISOString(),
    };
  }
}
