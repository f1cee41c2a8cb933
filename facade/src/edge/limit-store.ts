import { hash } from 'node:crypto';
import { rateLimitTable, StranglerError } from '@strangler-toolkit/plan';
import pg from 'pg';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
} from 'rate-limiter-flexible';
import type { LimitRule } from './limit-rules.ts';

export interface LimitStores {
  of(rule: LimitRule, index: number): RateLimiterAbstract;
  close(): Promise<void>;
}

/** A request waits no longer for its count. */
const withinMs = 250;

/** The same in all facades that have the rule, wherever it stands in their files. */
const nameOfCount = ({ routes, requests, seconds, per, name }: LimitRule): string =>
  `${requests}/${seconds}/${hash('sha256', JSON.stringify([routes, per, name]), 'hex').slice(0, 8)}`;

/** Where counts are kept: here, or in the control database for all facades together. */
export function limitStores(controlUrl: string | undefined, name: string): LimitStores {
  let pool: pg.Pool | undefined;
  const open = (url: string): pg.Pool => {
    const opened = new pg.Pool({
      connectionString: url,
      application_name: `${name} limits`.slice(0, 63),
      max: 4,
      connectionTimeoutMillis: withinMs,
      query_timeout: withinMs,
      keepAlive: true,
    });
    // whoever counts next hears of it
    opened.on('error', () => {});
    return opened;
  };
  return {
    of(rule, index) {
      const { requests, seconds, store } = rule;
      const common = { points: requests, duration: seconds };
      if (store === 'memory') return new RateLimiterMemory(common);
      if (controlUrl === undefined)
        throw new StranglerError(
          'CONFIG_INVALID',
          `edge: rateLimits.${index}.store: there is no control database to count in`,
          { remedy: 'Set STRANGLER_CONTROL_URL, or let each facade count on its own: "memory".' },
        );
      pool ??= open(controlUrl);
      return new RateLimiterPostgres({
        ...common,
        ...rateLimitTable,
        storeClient: pool,
        storeType: 'pool',
        tableCreated: true,
        // two rules that allow the same are two counts
        keyPrefix: nameOfCount(rule),
        // who is over it is not asked about again until it ends
        inMemoryBlockOnConsumed: requests + 1,
      });
    },
    close: async () => pool?.end(),
  };
}
