import { isStranglerError, StranglerError } from '../errors.ts';
import { resolveSetting } from '../plan/settings.ts';
import { planned, type Step } from './step.ts';

export interface ContractsOptions {
  readonly context: string;
}

export interface ContractsResult {
  readonly context: string;
  readonly monolith: boolean;
  readonly service: boolean;
  readonly details: readonly unknown[];
}

interface PactsModule {
  verifyPacts(options: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** The verifier is an optional package with a native core: only this command needs it. */
async function verifier(): Promise<PactsModule> {
  const name = '@strangler-toolkit/contracts';
  try {
    const loaded: unknown = await import(name);
    if (typeof loaded === 'object' && loaded !== null && 'verifyPacts' in loaded && typeof loaded.verifyPacts === 'function') return loaded as PactsModule;
  } catch (cause) {
    throw new StranglerError('CONTRACTS_NOT_INSTALLED', `${name} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  throw new StranglerError('CONTRACTS_NOT_INSTALLED', `${name} has no verifyPacts: its version does not fit`);
}

const passed = (result: unknown): boolean => typeof result === 'object' && result !== null && 'ok' in result && result.ok === true;

export const contractsVerify: Step<ContractsOptions, ContractsResult> = {
  async execute(kit, { context }) {
    const definition = await kit.definition(context);
    const { contracts } = definition;
    if (!contracts) throw new StranglerError('PACTS_NOT_FOUND', `context ${context} names no pacts (contracts.pacts in its file)`, { remedy: 'Add contracts: { pacts, provider } to the context file.' });
    const { verifyPacts } = await verifier();
    const control = await kit.control();
    await control.contexts.register(context, definition.data);
    const row = await control.contexts.require(context);
    const outcomes: Record<'monolith' | 'service', boolean> = { monolith: false, service: false };
    const details: unknown[] = [];
    for (const side of ['monolith', 'service'] as const) {
      kit.tell(`pacts ${side}`, `verify the pacts against the ${side}`, 'started');
      const stateSetting = contracts.stateUrl?.[side];
      try {
        const result = await verifyPacts({
          pacts: contracts.pacts, provider: contracts.provider, side, baseUrl: resolveSetting(definition[side].url, kit.env, `${side}.url of context ${context}`),
          ...(stateSetting !== undefined && { stateUrl: resolveSetting(stateSetting, kit.env, `contracts.stateUrl.${side} of context ${context}`) }), signal: kit.signal,
        });
        outcomes[side] = passed(result);
        details.push({ side, result });
      } catch (error) {
        if (isStranglerError(error) && error.code !== 'PACTS_FAILED') throw error;
        details.push({ side, error: error instanceof Error ? error.message : String(error) });
      }
      kit.tell(`pacts ${side}`, `pacts ${outcomes[side] ? 'hold' : 'fail'} on the ${side}`, outcomes[side] ? 'done' : 'failed');
    }
    const ok = outcomes.monolith && outcomes.service;
    await control.evidence.record({ context, kind: 'pacts', epoch: row.epoch, ok, detail: { ...outcomes } });
    if (!ok) throw new StranglerError('PACTS_FAILED', `the pacts of ${context} fail on ${[outcomes.monolith ? '' : 'monolith', outcomes.service ? '' : 'service'].filter(Boolean).join(' and ')}`, { details: { ...outcomes, details } });
    return { context, ...outcomes, details };
  },
  async dryRun(kit, { context }) {
    const { contracts } = await kit.definition(context);
    return planned([{ action: 'verify the pacts against the monolith and the service', detail: contracts?.pacts ?? 'none named' }, { action: 'record the evidence "pacts"' }]);
  },
};
