import {
  readTesterToken,
  testerCookie,
  testerHeader,
  testerKeys,
  type TesterRules,
  type TesterToken,
} from '@strangler-toolkit/plan/load';
import type { Metrics } from '../telemetry/metrics.ts';
import { sessionOf, withoutSession } from './session-cookies.ts';

export interface TesterParts {
  readonly metrics: Pick<Metrics, 'edgeTesters'>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const cookies = [testerCookie];

/** All lines of a header, of which a token must be the only one. */
const linesOf = (raw: readonly string[], name: string): string[] =>
  raw.flatMap((text, index) =>
    index % 2 === 0 && text.length === name.length && text.toLowerCase() === name
      ? [raw[index + 1] ?? '']
      : [],
  );

/** Whoever shows a token that one of the keys signed says which side answers the own reads; what is no such token is nothing. */
export class Testers {
  readonly #keys: readonly string[];
  readonly #maxHours: number;
  readonly #count: (outcome: string) => void;

  /** @throws StranglerError for a key that is not there, or too short */
  constructor(rules: TesterRules, { metrics, env }: TesterParts) {
    this.#keys = testerKeys(rules, env);
    this.#maxHours = rules.maxHours;
    this.#count = (outcome) => metrics.edgeTesters.inc({ outcome });
  }

  /** In the header, else in the cookie. */
  of(rawHeaders: readonly string[]): TesterToken | undefined {
    const said = linesOf(rawHeaders, testerHeader);
    const shown = said.length > 0 ? said : cookieTokens(rawHeaders);
    const [text, ...more] = shown;
    if (text === undefined) return undefined;
    if (more.length > 0) {
      this.#count('twice');
      return undefined;
    }
    const nowSeconds = Date.now() / 1_000;
    const verdict = readTesterToken(text, this.#keys, { nowSeconds, maxHours: this.#maxHours });
    this.#count(verdict.kind);
    return verdict.kind === 'taken' ? verdict.token : undefined;
  }

  /** Upstreams never see it, be it good or not; the header is none that a client may say to them anyway. */
  strip(headers: readonly string[]): readonly string[] {
    if (cookieTokens(headers).length === 0) return headers;
    const kept: string[] = [];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] ?? '';
      const value = headers[index + 1] ?? '';
      const rest = name.toLowerCase() === 'cookie' ? withoutSession(value, cookies) : value;
      if (rest !== undefined) kept.push(name, rest);
    }
    return kept;
  }
}

const cookieTokens = (raw: readonly string[]): string[] =>
  linesOf(raw, 'cookie').flatMap((line) =>
    (sessionOf(line, cookies) ?? '').split('; ').flatMap((pair) => {
      const value = pair.slice(testerCookie.length + 1);
      return pair === '' ? [] : [value];
    }),
  );
