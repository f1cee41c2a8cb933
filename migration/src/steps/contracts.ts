import {
  isStranglerError,
  type MigrationDefinition,
  resolveSetting,
  type Side,
  bothSides,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { Toolkit } from './toolkit.ts';
import { planned, type Step } from './step.ts';

export interface ContractsOptions {
  readonly context: string;
}

export interface InteractionResult {
  readonly consumer: string;
  readonly description: string;
  readonly ok: boolean;
  readonly mismatch: string;
}

export interface SideResult {
  readonly ok: boolean;
  readonly url: string;
  readonly interactions: readonly InteractionResult[];
  readonly seconds: number;
}

export interface ContractsResult {
  readonly context: string;
  readonly monolith: SideResult;
  readonly service: SideResult;
}

interface SideAddress {
  readonly url: string;
  readonly stateUrl?: string;
}

/** What this command needs of @strangler-toolkit/contracts; written down here because the package is optional. */
interface PactsModule {
  verifyPacts(options: {
    readonly pactsDir: string;
    readonly provider: string;
    readonly sides: Readonly<Record<Side, SideAddress>>;
    readonly onProgress?: (progress: {
      readonly side: Side;
      readonly done: number;
      readonly total: number;
      readonly interaction: InteractionResult;
    }) => void;
    readonly signal?: AbortSignal;
  }): Promise<Record<Side, SideResult>>;
}

/** The verifier has a native core: only this command loads it. */
async function verifier(): Promise<PactsModule> {
  const name = '@strangler-toolkit/contracts';
  try {
    const loaded: unknown = await import(name);
    if (
      typeof loaded === 'object' &&
      loaded !== null &&
      'verifyPacts' in loaded &&
      typeof loaded.verifyPacts === 'function'
    )
      return loaded as PactsModule;
  } catch (cause) {
    throw new StranglerError(
      'CONTRACTS_NOT_INSTALLED',
      `${name} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  throw new StranglerError(
    'CONTRACTS_NOT_INSTALLED',
    `${name} has no verifyPacts: its version does not fit`,
  );
}

function address(definition: MigrationDefinition, side: Side, env: Toolkit['env']): SideAddress {
  const where = `context ${definition.context}`;
  const url = resolveSetting(
    definition.contracts?.url?.[side] ?? definition[side].url,
    env,
    `contracts.url.${side} of ${where}`,
  );
  const state = definition.contracts?.stateUrl?.[side];
  return state === undefined
    ? { url }
    : { url, stateUrl: resolveSetting(state, env, `contracts.stateUrl.${side} of ${where}`) };
}

/** The verifier's own errors carry a code too; those that this toolkit knows pass with it. */
function known(error: unknown): unknown {
  if (isStranglerError(error) || !(error instanceof Error)) return error;
  const code: unknown = Reflect.get(error, 'code');
  if (code === 'PACTS_NOT_FOUND' || code === 'CONFIG_INVALID' || code === 'CANCELLED')
    return new StranglerError(code, error.message, { cause: error });
  return error;
}

export const contractsVerify: Step<ContractsOptions, ContractsResult> = {
  async execute(kit, { context }) {
    const definition = await kit.definition(context);
    const { contracts } = definition;
    if (!contracts)
      throw new StranglerError(
        'PACTS_NOT_FOUND',
        `context ${context} names no pacts (contracts.pacts in its file)`,
        { remedy: 'Add contracts: { pacts, provider } to the context file.' },
      );
    const { verifyPacts } = await verifier();
    const control = await kit.control();
    await control.contexts.register(context, definition.data);
    const row = await control.contexts.require(context);
    const sides = {
      monolith: address(definition, 'monolith', kit.env),
      service: address(definition, 'service', kit.env),
    };
    const result = await verifyPacts({
      pactsDir: contracts.pacts,
      provider: contracts.provider,
      sides,
      signal: kit.signal,
      onProgress: ({ side, done, total, interaction }) =>
        kit.tell(
          `pact ${side} ${done}`,
          `${side} ${done}/${total} ${interaction.description}${interaction.ok ? '' : `: ${interaction.mismatch}`}`,
          interaction.ok ? 'done' : 'failed',
        ),
    }).catch((error: unknown) => {
      throw known(error);
    });
    const summary = (side: SideResult): Record<string, unknown> => ({
      ok: side.ok,
      interactions: side.interactions.length,
      failed: side.interactions.filter(({ ok }) => !ok).map(({ description }) => description),
    });
    const detail = {
      monolith: result.monolith.ok,
      service: result.service.ok,
      sides: { monolith: summary(result.monolith), service: summary(result.service) },
    };
    const ok = result.monolith.ok && result.service.ok;
    await control.evidence.record({ context, kind: 'pacts', epoch: row.epoch, ok, detail });
    if (!ok) {
      const failing = bothSides.filter((side) => !result[side].ok);
      throw new StranglerError(
        'PACTS_FAILED',
        `the pacts of ${context} fail on ${failing.join(' and ')}`,
        { details: { ...result } },
      );
    }
    return { context, monolith: result.monolith, service: result.service };
  },
  async dryRun(kit, { context }) {
    const definition = await kit.definition(context);
    return planned([
      { action: 'verify the pacts', detail: definition.contracts?.pacts ?? 'none named' },
      ...bothSides.map((side) => ({
        action: `against the ${side}`,
        detail: address(definition, side, kit.env).url,
      })),
      { action: 'record the evidence "pacts"' },
    ]);
  },
};
