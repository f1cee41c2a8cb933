import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@strangler-toolkit/dev-stack';
import { verifyPacts } from '@strangler-toolkit/contracts';
import { type BenchServer, startServer } from '../start-server.ts';
import { median } from '../statistics.ts';
import { pactOf } from './pact-of.ts';

export interface ContractsOptions {
  readonly interactions: number;
  readonly providers: number;
  readonly rounds: number;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ContractsFigures {
  readonly interactions: number;
  readonly providers: number;
  readonly rounds: number;
  /** All providers together, from the first verdict on: median of the rounds. */
  readonly interactionsPerSecond: number;
  readonly secondsAfterStart: number;
  /** Until the first verdict of the slowest provider: the native core is loaded, once per provider. */
  readonly secondsToStart: number;
}

const provider = fileURLToPath(new URL('./provider.mjs', import.meta.url));

/** One set of pacts against real servers, every one of which answers at once. */
export async function benchContracts(options: ContractsOptions): Promise<ContractsFigures> {
  const folder = await temporaryFolder('bench-contracts');
  const servers: BenchServer[] = [];
  try {
    await writeFile(join(folder.path, 'pact.json'), JSON.stringify(pactOf(options.interactions)));
    for (let number = 1; number <= options.providers; number++)
      servers.push(
        await startServer(folder.path, {
          name: `provider-${number}`,
          command: process.execPath,
          args: [provider],
        }),
      );
    const sides = Object.fromEntries(
      servers.map(({ url }, index) => [
        `provider-${index + 1}`,
        { url, states: { url: `${url}/states` } },
      ]),
    );
    const rounds: { started: number; after: number }[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const began = performance.now();
      const first = new Map<string, number>();
      const results = await verifyPacts({
        pactsDir: folder.path,
        provider: 'shop',
        sides,
        signal: options.signal,
        onProgress: ({ side }) => {
          if (!first.has(side)) first.set(side, performance.now() - began);
        },
      });
      const red = Object.values(results).flatMap(({ interactions }) =>
        interactions.filter(({ ok }) => !ok),
      );
      if (red.length > 0)
        throw new Error(
          `the providers keep these pacts, the verifier says no: ${red[0]?.mismatch}`,
        );
      const started = Math.max(...first.values()) / 1_000;
      rounds.push({ started, after: (performance.now() - began) / 1_000 - started });
      options.tell(`round ${round}: ${rounds.at(-1)?.after.toFixed(1)} s after start`);
    }
    const after = median(rounds.map((round) => round.after));
    const all = options.interactions * options.providers;
    return {
      interactions: options.interactions,
      providers: options.providers,
      rounds: options.rounds,
      interactionsPerSecond: Math.round(all / after),
      secondsAfterStart: Number(after.toFixed(2)),
      secondsToStart: Number(median(rounds.map(({ started }) => started)).toFixed(2)),
    };
  } finally {
    for (const server of servers) await server.stop();
    await folder.remove();
  }
}
