import { hash } from 'node:crypto';
import { type MigrationDefinition, planMark } from '@strangler-toolkit/plan';
import type { Claims } from './claim.ts';

/** Why context files were not taken. */
export interface PlanProblem {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type Plans = Readonly<Record<string, string>>;

/** By context, what a facade makes of it. */
export const plansOf = (definitions: readonly MigrationDefinition[]): Plans =>
  Object.fromEntries(
    definitions.map((definition) => [
      definition.context,
      planMark(definition, (text) => hash('sha256', text, 'hex')),
    ]),
  );

const identitiesOf = (definitions: readonly MigrationDefinition[]): ReadonlyMap<string, string> =>
  new Map(definitions.map(({ context, identity = [] }) => [context, JSON.stringify(identity)]));

/** The context files that new requests are served by. Whoever has a claim keeps it, with the plan that it belongs to. */
export class RunningPlan {
  /** Since the files were read that were not taken. */
  problem: PlanProblem | null = null;
  #claims: Claims;
  #plans: Plans;
  #identities: ReadonlyMap<string, string>;
  #since = new Date();

  constructor(definitions: readonly MigrationDefinition[], claims: Claims) {
    this.#claims = claims;
    this.#plans = plansOf(definitions);
    this.#identities = identitiesOf(definitions);
  }

  /** By context, where requests say whose they are. */
  get identities(): ReadonlyMap<string, string> {
    return this.#identities;
  }

  get claims(): Claims {
    return this.#claims;
  }

  get plans(): Plans {
    return this.#plans;
  }

  get status(): {
    readonly since: string;
    readonly plans: Plans;
    readonly problem: PlanProblem | null;
  } {
    return { since: this.#since.toISOString(), plans: this.#plans, problem: this.problem };
  }

  use(definitions: readonly MigrationDefinition[], claims: Claims): void {
    this.#claims = claims;
    this.#plans = plansOf(definitions);
    this.#identities = identitiesOf(definitions);
    this.#since = new Date();
  }
}
