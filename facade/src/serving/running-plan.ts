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

/** The context files that new requests are served by. Whoever has a claim keeps it, with the plan that it belongs to. */
export class RunningPlan {
  /** Since the files were read that were not taken. */
  problem: PlanProblem | null = null;
  #claims: Claims;
  #plans: Plans;
  #definitions: readonly MigrationDefinition[];
  #since = new Date();

  constructor(definitions: readonly MigrationDefinition[], claims: Claims) {
    this.#claims = claims;
    this.#plans = plansOf(definitions);
    this.#definitions = definitions;
  }

  get definitions(): readonly MigrationDefinition[] {
    return this.#definitions;
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
    this.#definitions = definitions;
    this.#since = new Date();
  }
}
