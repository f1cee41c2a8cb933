import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { StateSetup } from './provider-states.ts';
import type { MessageSource } from './message-source.ts';
import { readInteractions, type AskedRequest, type Interaction } from './read-interactions.ts';
import { VerifierProcess } from './verifier.ts';
import type { VerifierTask } from './verifier-protocol.ts';
import { causeOf } from './cause-of.ts';

export type Side = 'monolith' | 'service';

/** Where states go depends on who will answer: before a facade, on its routing. */
export type StatesOf = (request: AskedRequest) => StateSetup | undefined;

export interface SideAddress {
  readonly url: string;
  /** How provider states are entered; without it, an interaction that needs one is not verified. */
  readonly states?: StateSetup | StatesOf;
  /**
   * Where its messages are published; without it, an interaction that is a message is not verified. `elsewhere`: other sides
   * publish them, so this one is not asked for them.
   */
  readonly messages?: MessageSource | 'elsewhere';
}

/**
 * `kept` is the only proof. `broken`: the answer differs. The others say why nothing is known: `unreachable`, a provider state
 * that was not entered, an interaction whose author marked it `pending`, a message (nothing was asked over HTTP).
 */
export type Verdict =
  'kept' | 'broken' | 'unreachable' | 'state-not-entered' | 'pending' | 'message';

export interface InteractionResult {
  readonly consumer: string;
  readonly description: string;
  readonly verdict: Verdict;
  /** Whether the verdict is `kept`. */
  readonly ok: boolean;
  /** What differed or was missing, in the verifier's words; empty when kept. */
  readonly mismatch: string;
  /** Name of its file. */
  readonly pact: string;
  /** Its whole pact proves nothing yet and fails nothing; the verdict is `pending`, unless nobody answers. */
  readonly notRequired?: NotRequired;
  /** Of such a one: whether it would be kept; undefined where it could not be asked. */
  readonly held?: boolean;
}

/** What a broker calls a pact that the provider has never kept: of the consumers that were asked for, or of others. */
export type NotRequired = 'pending' | 'wip';

export interface SideResult {
  readonly ok: boolean;
  readonly url: string;
  readonly interactions: readonly InteractionResult[];
  /** Files of pacts of which it was not asked everything, because others publish their messages: nobody may call these kept by it alone. */
  readonly notAsked?: readonly string[];
  readonly seconds: number;
}

export interface Progress<S extends string = Side> {
  readonly side: S;
  readonly done: number;
  readonly total: number;
  readonly interaction: InteractionResult;
}

export interface VerifyOptions<S extends string = Side> {
  readonly pactsDir: string;
  readonly provider: string;
  /** Who is asked, by name: the two sides, or one of them in its own pipeline, or any other provider. */
  readonly sides: Readonly<Record<S, SideAddress>>;
  readonly onProgress?: (progress: Progress<S>) => void;
  /** Longest time for one answer, milliseconds (default 30000). */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Pacts that may not fail the run, by the name of their file. */
  readonly notRequired?: Readonly<Record<string, NotRequired>>;
}

/**
 * Holds every side to the same pacts. The sides run side by side, a side's interactions one after the other, because
 * provider states of one interaction may disturb another.
 *
 * @throws ContractsError PACTS_NOT_FOUND, CONFIG_INVALID, CANCELLED
 * @example
 * ```ts
 * import { verifyPacts } from '@strangler-toolkit/contracts';
 *
 * const { monolith, service } = await verifyPacts({
 *   pactsDir: 'contracts/pacts',
 *   provider: 'catalog',
 *   sides: {
 *     monolith: { url: 'http://127.0.0.1:3000', states: { command: 'bin/pact-state' } },
 *     service: { url: 'http://127.0.0.1:4000', states: { url: 'http://127.0.0.1:4000/_test/states' } },
 *   },
 * });
 * console.log(monolith.ok, service.ok);
 * ```
 */
export async function verifyPacts<S extends string>(
  options: VerifyOptions<S>,
): Promise<Record<S, SideResult>> {
  const interactions = await readInteractions(options.pactsDir, options.provider);
  const folder = await mkdtemp(join(tmpdir(), 'pacts-'));
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    const files = await Promise.all(
      interactions.map(async ({ pact }, index) => {
        const file = join(folder, `${index}.json`);
        await writeFile(file, pact);
        return file;
      }),
    );
    // The keys of `sides` are the names that its type lists.
    const sides = Object.keys(options.sides) as S[];
    const running = sides.map(async (side) => {
      const result = await verifySide({ side, interactions, files, options, signal });
      return [side, result] as const;
    });
    const results = await Promise.all(running).catch(async (error: unknown) => {
      stop.abort();
      await Promise.allSettled(running);
      throw error;
    });
    return Object.fromEntries(results) as Record<S, SideResult>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface SideTask<S extends string> {
  readonly side: S;
  readonly interactions: readonly Interaction[];
  readonly files: readonly string[];
  readonly options: VerifyOptions<S>;
  readonly signal: AbortSignal;
}

async function verifySide<S extends string>({
  side,
  interactions,
  files,
  options,
  signal,
}: SideTask<S>): Promise<SideResult> {
  const started = performance.now();
  const { url, states, messages } = options.sides[side];
  const results: InteractionResult[] = [];
  const isAsked = ({ kind }: Interaction): boolean => kind === 'http' || messages !== 'elsewhere';
  const asked = [...interactions.entries()].filter(([, interaction]) => isAsked(interaction));
  const notAsked = new Set(
    interactions.filter((one) => !isAsked(one)).map(({ file }) => basename(file)),
  );
  const silent = asked.some(([, { kind }]) => kind === 'http') ? await unreachable(url) : undefined;
  const verifier = new VerifierProcess(
    {
      provider: options.provider,
      url,
      timeoutMs: options.timeoutMs ?? 30_000,
    },
    signal,
  );
  try {
    for (const [index, interaction] of asked) {
      const entered = typeof states === 'function' ? setupFor(states, interaction) : states;
      const { messageType } = interaction;
      const task = {
        file: files[index] ?? '',
        ...(entered !== undefined && { states: entered }),
        ...(messageType !== undefined &&
          messages &&
          messages !== 'elsewhere' && { message: { type: messageType, source: messages } }),
      };
      const { consumer, description } = interaction;
      const pact = basename(interaction.file);
      const notRequired = options.notRequired?.[pact];
      const judged =
        (interaction.kind === 'http' ? silent : undefined) ??
        excused(await judge(verifier, interaction, task), notRequired);
      const result = {
        consumer,
        description,
        ok: judged.verdict === 'kept',
        ...judged,
        pact,
        ...(notRequired !== undefined && { notRequired }),
      };
      results.push(result);
      options.onProgress?.({
        side,
        done: results.length,
        total: asked.length,
        interaction: result,
      });
    }
  } finally {
    verifier.stop();
  }
  return {
    // A side that was asked nothing has kept nothing.
    ok:
      results.length > 0 &&
      results.every(({ ok, verdict, notRequired }) => ok || (notRequired && verdict === 'pending')),
    url,
    interactions: results,
    ...(notAsked.size > 0 && { notAsked: [...notAsked] }),
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

const setupFor = (states: StatesOf, { request }: Interaction): StateSetup | undefined =>
  request && states(request);

type Judgement = Pick<InteractionResult, 'verdict' | 'mismatch' | 'held'>;

/** Of a pact that is not required: what was seen is told, and nothing follows from it. */
function excused(judged: Judgement, notRequired: NotRequired | undefined): Judgement {
  if (notRequired === undefined || judged.verdict === 'unreachable') return judged;
  const { verdict, mismatch } = judged;
  const held = verdict === 'kept' ? true : verdict === 'broken' ? false : undefined;
  const would = held === undefined ? 'not asked' : held ? 'it would hold' : 'it would not hold';
  return {
    verdict: 'pending',
    mismatch: `not verified: ${notRequired} at the broker (${would})${mismatch && `\n${mismatch}`}`,
    ...(held !== undefined && { held }),
  };
}

async function judge(
  verifier: VerifierProcess,
  { kind, pending }: Interaction,
  task: VerifierTask,
): Promise<Judgement> {
  if (kind === 'message' && task.message === undefined)
    return {
      verdict: 'message',
      mismatch: 'not verified: a message, and the side names no source of messages',
    };
  const { ok, notEntered, silent, mismatch } = await verifier.verify(task);
  if (silent !== undefined)
    return {
      verdict: 'unreachable',
      mismatch: `its source of messages cannot be looked at: ${silent}`,
    };
  if (notEntered !== undefined)
    return {
      verdict: 'state-not-entered',
      mismatch: `not verified: provider state ${notEntered}`,
    };
  if (pending)
    return {
      verdict: 'pending',
      mismatch: `not verified: marked pending (${ok ? 'it would hold' : 'it would not hold'})${ok ? '' : `\n${mismatch}`}`,
    };
  return { verdict: ok ? 'kept' : 'broken', mismatch };
}

/** The verifier tries a closed port for a long time, once per interaction. */
async function unreachable(url: string): Promise<Judgement | undefined> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(5_000),
    });
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    return { verdict: 'unreachable', mismatch: `${url} does not answer: ${causeOf(error)}` };
  }
}
