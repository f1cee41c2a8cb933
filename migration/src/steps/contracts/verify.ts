import { StranglerError } from '@strangler-toolkit/plan';
import type { MigrationDefinition, ContractSettings } from '@strangler-toolkit/plan';
import type { Toolkit } from '../toolkit.ts';
import { planned, type Step } from '../step.ts';
import { askBuilds } from '../builds.ts';
import { pactContent } from '../pact-content.ts';
import { facadesOf, inTurn, openProviders } from './open-providers.ts';
import { messagesText, openMessages, type OpenMessages, type Turn } from './messages.ts';
import { providersOf } from './providers.ts';
import { type InteractionResult, loadVerifier, type SideResult } from './verifier.ts';

export interface ContractsOptions {
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
  /** The folder that they came from. */
  readonly pacts: string;
  /** Whether the gates will see it. */
  readonly recorded: boolean;
  readonly sides: Readonly<Record<string, SideResult>>;
}

const contractsOf = (definition: MigrationDefinition): ContractSettings => {
  if (definition.contracts) return definition.contracts;
  throw new StranglerError(
    'PACTS_NOT_FOUND',
    `context ${definition.context} names no pacts (contracts.pacts in its file)`,
    { remedy: 'Add contracts: { pacts, provider } to the context file.' },
  );
};

/** A gate asks for both sides: what verified one of them is no evidence. */
const records = (kit: Toolkit, { record, side }: ContractsOptions): boolean =>
  side === undefined && (record ?? kit.hasControl);

export const contractsVerify: Step<ContractsOptions, ContractsResult> = {
  async execute(kit, options) {
    const { context } = options;
    const definition = await kit.definition(context);
    const contracts = contractsOf(definition);
    const verify = await loadVerifier();
    const { sides, close } = await openProviders(definition, contracts, kit.env, options);
    let messages: OpenMessages | undefined;
    try {
      messages = await openMessages(definition, contracts, kit.env, sides);
      const turns: readonly Turn[] = [
        ...inTurn(messages.withMessages(sides)).map((those) => ({
          provider: contracts.provider,
          sides: those,
        })),
        ...messages.turns,
      ];
      const evidence = records(kit, options) ? await evidenceOf(kit, definition, sides) : undefined;
      let results: Readonly<Record<string, SideResult>> = {};
      for (const turn of turns)
        results = added(
          results,
          await verify({
            pactsDir: contracts.pacts,
            ...turn,
            signal: kit.signal,
            onProgress: ({ side, done, total, interaction }) =>
              kit.tell(
                `pact ${side} ${done}`,
                `${side} ${done}/${total} ${interaction.description}${interaction.ok ? '' : `: ${interaction.mismatch}`}`,
                interaction.ok ? 'update' : 'failed',
              ),
          }),
        );
      await evidence?.(results);
      const result: ContractsResult = {
        context,
        provider: contracts.provider,
        pacts: contracts.pacts,
        recorded: evidence !== undefined,
        sides: results,
      };
      await options.onResult?.(result);
      throwUnlessKept(result);
      return result;
    } finally {
      await messages?.close();
      await close();
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
      { action: 'verify the pacts', detail: contracts.pacts },
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
      return [
        side,
        {
          ...result,
          ok: earlier.ok && result.ok,
          interactions: [...earlier.interactions, ...result.interactions],
          seconds: Math.round((earlier.seconds + result.seconds) * 1000) / 1000,
        },
      ];
    }),
  ),
});

/** Nothing is known, whatever a tool lets pass. */
const notVerified: readonly InteractionResult['verdict'][] = [
  'state-not-entered',
  'pending',
  'message',
];

async function evidenceOf(
  kit: Toolkit,
  definition: MigrationDefinition,
  sides: Readonly<Record<string, { readonly url: string }>>,
): Promise<(results: Readonly<Record<string, SideResult>>) => Promise<void>> {
  const { context, data } = definition;
  const control = await kit.control();
  await control.contexts.register(context, data);
  const { epoch } = await control.contexts.require(context);
  // Before they are verified: what changes meanwhile makes the evidence void.
  const about = {
    content: await pactContent(contractsOf(definition)),
    builds: await askBuilds(kit, definition, {
      ...(sides.monolith && { monolith: sides.monolith.url }),
      ...(sides.service && { service: sides.service.url }),
    }),
  };
  return async (results) => {
    const kept = (side: string): boolean => results[side]?.ok === true;
    await control.evidence.record({
      context,
      kind: 'pacts',
      epoch,
      ok: Object.values(results).every(({ ok }) => ok),
      detail: {
        monolith: kept('monolith'),
        service: kept('service'),
        ...about,
        sides: Object.fromEntries(
          Object.entries(results).map(([side, { ok, interactions }]) => [
            side,
            {
              ok,
              interactions: interactions.length,
              failed: interactions
                .filter((interaction) => !interaction.ok)
                .map(({ description, verdict }) => `${description} (${verdict})`),
              notVerified: interactions
                .filter(({ verdict }) => notVerified.includes(verdict))
                .map(({ description, verdict }) => `${description} (${verdict})`),
            },
          ]),
        ),
      },
    });
  };
}

/** The side's address; or, where that answers, its source of messages. */
const whatIsSilent = (result: SideResult | undefined): string => {
  const first = result?.interactions.find(({ verdict }) => verdict === 'unreachable');
  return first?.mismatch.startsWith(result?.url ?? '')
    ? (result?.url ?? '')
    : (first?.mismatch ?? '');
};

/** What is broken stands before what could not be asked, and that before what was left out. */
function throwUnlessKept({ context, sides }: ContractsResult): void {
  const having = (verdicts: readonly InteractionResult['verdict'][]): string[] =>
    Object.entries(sides)
      .filter(([, { interactions }]) =>
        interactions.some(({ verdict }) => verdicts.includes(verdict)),
      )
      .map(([side]) => side);
  const details = { context, sides };
  const broken = having(['broken']);
  if (broken.length > 0)
    throw new StranglerError(
      'PACTS_FAILED',
      `the pacts of ${context} fail on ${broken.join(' and ')}`,
      { details },
    );
  const silent = having(['unreachable']);
  if (silent.length > 0)
    throw new StranglerError(
      'PACTS_UNREACHABLE',
      `the pacts of ${context} could not be asked of ${silent.join(' and ')}: no answer at ` +
        silent.map((side) => whatIsSilent(sides[side])).join(', '),
      { details },
    );
  const unasked = Object.entries(sides).find(([, { interactions }]) => interactions.length === 0);
  if (unasked)
    throw new StranglerError(
      'PACTS_NOT_FOUND',
      `nothing was asked of ${unasked[0]}: all pacts of ${context} are messages that others publish`,
      { remedy: 'Name who publishes them with --side.', details },
    );
  const open = having(notVerified);
  if (open.length === 0) return;
  const first = Object.values(sides)
    .flatMap(({ interactions }) => interactions)
    .find(({ ok }) => !ok);
  throw new StranglerError(
    'PACTS_NOT_VERIFIED',
    `not all pacts of ${context} were verified on ${open.join(' and ')}; the first: ` +
      `${first?.description ?? ''}: ${(first?.mismatch ?? '').split('\n')[0] ?? ''}`,
    { details },
  );
}
