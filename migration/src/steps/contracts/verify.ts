import { StranglerError } from '@strangler-toolkit/plan';
import type { MigrationDefinition, ContractSettings, Side } from '@strangler-toolkit/plan';
import type { Toolkit } from '../toolkit.ts';
import { planned, type Step } from '../step.ts';
import {
  fromBroker,
  openPacts,
  type PactSource,
  type SourceOptions,
} from './broker/pact-source.ts';
import { type ResultOptions, type ResultsNote, resultsPublisher } from './broker/results.ts';
import { evidenceOf } from './evidence.ts';
import { closeAll } from './close-all.ts';
import { noEvidence } from './no-evidence.ts';
import { isExcused } from './required.ts';
import { facadesOf, inTurn, openProviders } from './open-providers.ts';
import { messagesText, openMessages, type OpenMessages, type Turn } from './messages.ts';
import { providersOf } from './providers.ts';
import { throwUnlessKept } from './verdict.ts';
import { loadVerifier, type SideResult } from './verifier.ts';

export interface ContractsOptions extends SourceOptions, ResultOptions {
  readonly context: string;
  /** One provider only: `monolith`, `service`, or a name of `contracts.providers`. Not recorded as evidence. */
  readonly side?: string;
  /** Besides, a facade in each routing position before the two sides (needs @strangler-toolkit/facade). */
  readonly facade?: boolean;
  /** false: nothing is recorded, and no control database is needed (default: recorded where one is named). */
  readonly record?: boolean;
  /** Sees the results whatever they are, before a failure is thrown. */
  readonly onResult?: (result: ContractsResult) => Promise<void>;
}

export interface ContractsResult {
  readonly context: string;
  readonly provider: string;
  /** The folder that they came from, or the address of the Pact Broker. */
  readonly pacts: string;
  /** Where they came from a broker: each pact, and what became of the results of each side. */
  readonly broker?: {
    readonly pacts: readonly { readonly name: string; readonly status: string }[];
    readonly results: Readonly<Partial<Record<Side, ResultsNote>>>;
  };
  /** Whether the gates will see it. */
  readonly recorded: boolean;
  /** Why it would not have been recorded, whatever was found. */
  readonly noEvidence?: string;
  readonly sides: Readonly<Record<string, SideResult>>;
}

const contractsOf = (definition: MigrationDefinition): ContractSettings => {
  if (definition.contracts) return definition.contracts;
  throw new StranglerError(
    'PACTS_NOT_FOUND',
    `context ${definition.context} names no pacts (contracts.pacts in its file)`,
    {
      remedy:
        'Add contracts: { pacts, provider } to the context file, or gates: { pacts: false } where nobody has written any.',
    },
  );
};

const records = (kit: Toolkit, options: ContractsOptions): boolean =>
  (options.record ?? kit.hasControl) && noEvidence(kit, options) === undefined;

export const contractsVerify: Step<ContractsOptions, ContractsResult> = {
  async execute(kit, options) {
    const { context } = options;
    const definition = await kit.definition(context);
    const contracts = contractsOf(definition);
    const verify = await loadVerifier();
    const { sides, close } = await openProviders(definition, contracts, kit.env, options);
    let messages: OpenMessages | undefined;
    let source: PactSource | undefined;
    try {
      messages = await openMessages(definition, contracts, kit.env, sides);
      const turns: readonly Turn[] = [
        ...inTurn(messages.withMessages(sides)).map((those) => ({
          provider: contracts.provider,
          sides: those,
        })),
        ...messages.turns,
      ];
      source = await openPacts(kit, contracts, {
        ...options,
        providers: [...new Set(turns.map(({ provider }) => provider))],
      });
      const { pactsDir, notRequired, from, atBroker } = source;
      const publish = atBroker
        ? await resultsPublisher(kit, definition, { atBroker, sides }, options)
        : undefined;
      const evidence = records(kit, options)
        ? await evidenceOf(kit, definition, sides, atBroker)
        : undefined;
      let results: Readonly<Record<string, SideResult>> = {};
      for (const turn of turns)
        results = added(
          results,
          await verify({
            pactsDir,
            notRequired,
            ...turn,
            signal: kit.signal,
            onProgress: ({ side, done, total, interaction }) =>
              kit.tell(
                `pact ${side} ${done}`,
                `${side} ${done}/${total} ${interaction.description}${interaction.ok ? '' : `: ${interaction.mismatch}`}`,
                interaction.ok ? 'update' : isExcused(interaction) ? 'note' : 'failed',
              ),
          }),
        );
      const recorded = (await evidence?.(results)) ?? false;
      // What a broker says to the results stands behind what the results say.
      const [published] = await Promise.allSettled([publish?.(results)]);
      const because = noEvidence(kit, options);
      const result: ContractsResult = {
        context,
        provider: contracts.provider,
        pacts: from,
        ...(atBroker && {
          broker: {
            pacts: [...atBroker.pacts.values()].map(({ name, status }) => ({ name, status })),
            results: (published.status === 'fulfilled' && published.value) || {},
          },
        }),
        recorded,
        ...(because !== undefined && { noEvidence: because }),
        sides: results,
      };
      await options.onResult?.(result);
      throwUnlessKept(result);
      if (published.status === 'rejected') throw published.reason;
      return result;
    } finally {
      const opened = [source?.close, messages?.close, close].filter((one) => one !== undefined);
      // What was found out stands, whatever becomes of the connections.
      await closeAll(opened).catch((error: unknown) =>
        kit.tell('close', `not all was closed in order: ${String(error)}`, 'failed'),
      );
    }
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    const contracts = contractsOf(definition);
    const facades = facadesOf(options);
    const sides = providersOf(
      definition,
      contracts,
      kit.env,
      facades.length === 1 ? undefined : options.side,
    );
    return planned([
      fromBroker(kit, options)
        ? { action: 'verify the pacts that the Pact Broker wants', detail: contracts.provider }
        : { action: 'verify the pacts', detail: contracts.pacts },
      ...Object.entries(sides).map(([side, { url }]) => ({
        action: `against the ${side}`,
        detail: url,
      })),
      ...messagesText(contracts).map((detail) => ({ action: 'and the messages', detail })),
      ...facades.map((name) => ({ action: `against a ${name}`, detail: 'started for it' })),
      ...(records(kit, options) ? [{ action: 'record the evidence "pacts"' }] : []),
    ]);
  },
};

/** What one side was asked in several turns, as one result. */
const added = (
  before: Readonly<Record<string, SideResult>>,
  turn: Readonly<Record<string, SideResult>>,
): Readonly<Record<string, SideResult>> => ({
  ...before,
  ...Object.fromEntries(
    Object.entries(turn).map(([side, result]) => {
      const earlier = before[side];
      if (earlier === undefined) return [side, result];
      const notAsked = [...(earlier.notAsked ?? []), ...(result.notAsked ?? [])];
      return [
        side,
        {
          ...result,
          ok: earlier.ok && result.ok,
          interactions: [...earlier.interactions, ...result.interactions],
          ...(notAsked.length > 0 && { notAsked }),
          seconds: Math.round((earlier.seconds + result.seconds) * 1000) / 1000,
        },
      ];
    }),
  ),
});
