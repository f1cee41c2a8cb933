import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInteractions, type Interaction } from './read-interactions.ts';
import { verifyInteraction } from './verify-interaction.ts';

export type Side = 'monolith' | 'service';

export interface SideAddress {
  readonly url: string;
  /** Where provider states are entered; without it, interactions run on the data that is there. */
  readonly stateUrl?: string;
}

export interface InteractionResult {
  readonly consumer: string;
  readonly description: string;
  readonly ok: boolean;
  /** What differed, in the verifier's words; empty when ok. */
  readonly mismatch: string;
}

export interface SideResult {
  readonly ok: boolean;
  readonly url: string;
  readonly interactions: readonly InteractionResult[];
  readonly seconds: number;
}

export interface Progress {
  readonly side: Side;
  readonly done: number;
  readonly total: number;
  readonly interaction: InteractionResult;
}

export interface VerifyOptions {
  readonly pactsDir: string;
  readonly provider: string;
  readonly sides: Readonly<Record<Side, SideAddress>>;
  readonly onProgress?: (progress: Progress) => void;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Holds both sides to the same pacts. The sides run side by side, a side's interactions one after the other, because
 * provider states of one interaction may disturb another.
 *
 * @example
 * ```ts
 * import { verifyPacts } from '@strangler-toolkit/contracts';
 *
 * const { monolith, service } = await verifyPacts({
 *   pactsDir: 'contracts/pacts',
 *   provider: 'catalog',
 *   sides: {
 *     monolith: { url: 'http://127.0.0.1:3000', stateUrl: 'http://127.0.0.1:3000/_test/states' },
 *     service: { url: 'http://127.0.0.1:4000', stateUrl: 'http://127.0.0.1:4000/_test/states' },
 *   },
 * });
 * console.log(monolith.ok, service.ok);
 * ```
 */
export async function verifyPacts(options: VerifyOptions): Promise<Record<Side, SideResult>> {
  const interactions = await readInteractions(options.pactsDir, options.provider);
  const folder = await mkdtemp(join(tmpdir(), 'pacts-'));
  try {
    const [monolith, service] = await Promise.all([
      verifySide('monolith', interactions, folder, options),
      verifySide('service', interactions, folder, options),
    ]);
    return { monolith, service };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function verifySide(
  side: Side,
  interactions: readonly Interaction[],
  folder: string,
  options: VerifyOptions,
): Promise<SideResult> {
  const started = performance.now();
  const { url, stateUrl } = options.sides[side];
  const results: InteractionResult[] = [];
  const silent = await unreachable(url);
  for (const [index, interaction] of interactions.entries()) {
    const verdict =
      silent ??
      (await verifyInteraction({
        provider: options.provider,
        pact: interaction.pact,
        file: join(folder, `${side}-${index}.json`),
        url,
        stateUrl,
        timeoutMs: options.timeoutMs ?? 30_000,
        signal: options.signal,
      }));
    const result = {
      consumer: interaction.consumer,
      description: interaction.description,
      ...verdict,
    };
    results.push(result);
    options.onProgress?.({
      side,
      done: results.length,
      total: interactions.length,
      interaction: result,
    });
  }
  return {
    ok: results.every(({ ok }) => ok),
    url,
    interactions: results,
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

/** The verifier tries a closed port for a long time, once per interaction. */
async function unreachable(url: string): Promise<{ ok: false; mismatch: string } | undefined> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(5_000),
    });
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return { ok: false, mismatch: `${url} does not answer: ${cause}` };
  }
}
