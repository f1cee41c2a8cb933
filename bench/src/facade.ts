import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { startProcess } from '@strangler-toolkit/dev-stack';
import { median, type Round, spread } from './statistics.ts';

export interface FacadeBench {
  readonly rounds: number;
  readonly requestsPerSecond: {
    readonly bare: number;
    readonly unclaimed: number;
    readonly claimed: number;
  };
  /** Medians of the ratios within each round. */
  readonly unclaimedVsBare: number;
  readonly claimedVsBare: number;
  readonly spread: {
    readonly unclaimedVsBare: readonly [number, number];
    readonly claimedVsBare: readonly [number, number];
  };
}

const file = (name: string): string => new URL(name, import.meta.url).pathname;

async function requestsPerSecond(
  url: string,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const result = await autocannon({ url, connections: 64, duration: seconds });
  if (result.errors > 0 || result.non2xx > 0)
    throw new Error(`${url}: ${result.errors} errors, ${result.non2xx} refused: not a measurement`);
  return result.requests.average;
}

/** What the facade costs: requests per second through it, beside bare express + http-proxy-middleware, in turn in one run. */
export async function benchFacade({
  rounds,
  seconds,
  tell,
  signal,
}: {
  rounds: number;
  seconds: number;
  tell: (line: string) => void;
  signal: AbortSignal;
}): Promise<FacadeBench> {
  const folder = await mkdtemp(join(tmpdir(), 'strangler-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const start = async (
    name: string,
    path: string,
    env: Record<string, string>,
  ): Promise<string> => {
    const running = await startProcess({ name, file: path, env });
    stops.unshift(() => running.stop(2_000));
    return `http://127.0.0.1:${running.port}`;
  };
  try {
    const upstream = await start('upstream', file('upstream.mjs'), {});
    await writeFile(
      join(folder, 'items.json'),
      JSON.stringify({
        context: 'items',
        data: 'none',
        monolith: { url: upstream },
        service: { url: upstream },
        identity: ['header:authorization'],
        routes: [{ name: 'one', method: 'GET', path: '/api/items/:id', kind: 'read' }],
      }),
    );
    const bare = await start('bare', file('bare-proxy.mjs'), { MONOLITH_URL: upstream });
    const facade = await start('facade', file('../../facade/bin/facade.js'), {
      MONOLITH_URL: upstream,
      STRANGLER_CONTEXTS: folder,
      FACADE_STATE_DIR: folder,
      FACADE_PORT: '0',
      FACADE_ADMIN_PORT: '0',
    });
    const targets = {
      bare: `${bare}/static/1`,
      unclaimed: `${facade}/static/1`,
      claimed: `${facade}/api/items/1`,
    };
    for (const url of Object.values(targets)) await requestsPerSecond(url, 1, signal);
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      const one: Round = {
        bare: await requestsPerSecond(targets.bare, seconds, signal),
        unclaimed: await requestsPerSecond(targets.unclaimed, seconds, signal),
        claimed: await requestsPerSecond(targets.claimed, seconds, signal),
      };
      measured.push(one);
      tell(
        `round ${round}/${rounds}: bare ${Math.round(one.bare)}, unclaimed ` +
          `${Math.round(one.unclaimed)}, claimed ${Math.round(one.claimed)} requests/s`,
      );
    }
    const ratio = (name: 'unclaimed' | 'claimed'): number[] =>
      measured.map((round) => round[name] / round.bare);
    const figure = (name: keyof Round): number =>
      Math.round(median(measured.map((round) => round[name])));
    return {
      rounds,
      requestsPerSecond: {
        bare: figure('bare'),
        unclaimed: figure('unclaimed'),
        claimed: figure('claimed'),
      },
      unclaimedVsBare: median(ratio('unclaimed')),
      claimedVsBare: median(ratio('claimed')),
      spread: {
        unclaimedVsBare: spread(ratio('unclaimed')),
        claimedVsBare: spread(ratio('claimed')),
      },
    };
  } finally {
    for (const stop of stops) await stop();
  }
}
