import { hash } from 'node:crypto';
import {
  type ClaimQuestion,
  type CompiledRoute,
  compileRoutes,
  defaultStandInSeconds,
  type FindClaim,
  findBeside,
  findRoute,
  flagName,
  type IdentityReader,
  identityReader,
  killFlagName,
  type MigrationDefinition,
  resolveSetting,
  shadowFlagName,
  type Side,
} from '@strangler-toolkit/plan';
import type { Duties } from '../edge/duties.ts';
import type { Breaker } from '../resilience/breaker.ts';
import { Aliases } from './aliases.ts';
import { ceilingsOf, type RampCeiling, type RampCeilings, under } from './ramp-ceiling.ts';

/** One context, ready to serve. */
export interface ContextPlan {
  readonly name: string;
  readonly urls: Readonly<Record<Side, string>>;
  /** Requests that the side is asked at a time. */
  readonly atATime: Readonly<Record<Side, number | undefined>>;
  /** Further addresses of a side. */
  readonly instances: Readonly<Record<Side, readonly string[]>>;
  readonly health: Readonly<Record<Side, string | undefined>>;
  readonly breakers: Readonly<Record<Side, Breaker>>;
  /** Of what flags send to the service: of all its routes together, and of single ones by name. */
  readonly ceilings: RampCeilings;
  readonly identity: IdentityReader;
  readonly aliases: Aliases;
  /** How far behind the side may be that answers reads for a dead owner, milliseconds; 0: it never does. */
  readonly standInMs: number;
}

/** A route with everything that serving it needs; made once, so that a request only looks it up. */
export interface Claim {
  readonly route: CompiledRoute;
  readonly plan: ContextPlan;
  /** Bounds of what a flag sends to the service; none for a write. */
  readonly ceilings: readonly RampCeiling[];
  readonly flags: { readonly kill: string; readonly route: string; readonly shadow: string };
  /** What the facade does for it besides; undefined for nearly all. */
  readonly duties: Duties | undefined;
  /** Of a path with GraphQL routes: all of them. Which one claims a request, its operations say. */
  readonly operations?: readonly Claim[];
  /** Further routes of the context that a request is for: it goes where all their flags send it. */
  readonly also?: readonly Claim[];
  /** Flags never steer it. */
  readonly atOwner?: boolean;
}

/** What the contexts claim of all that clients may ask. */
export interface Claims {
  readonly all: readonly Claim[];
  /** One per context. */
  readonly plans: readonly ContextPlan[];
  /** Headers of answers that may change whom requests belong to, in lower case. */
  readonly answerHeaders: ReadonlySet<string>;
  /** For a path in the client's own spelling. */
  readonly find: FindClaim<Claim>;
  /** Who claims a GraphQL operation that no GraphQL route of its path does. */
  readonly findBeside: (question: ClaimQuestion) => Claim | undefined;
}

export interface ClaimsOptions {
  readonly definitions: readonly MigrationDefinition[];
  /** Looks up `env('NAME')` of context files. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly breaker: (context: string, side: Side) => Breaker;
  /** Those before, whose contexts keep what was learnt of them. */
  readonly before?: Claims;
  readonly dutiesOf?: (route: CompiledRoute) => Duties | undefined;
}

const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** @throws StranglerError CONFIG_INVALID for conflicting routes, CONFIG_ENV_MISSING for an address that is not set */
export function claimsOf({
  definitions,
  env,
  breaker,
  before,
  dutiesOf = () => undefined,
}: ClaimsOptions): Claims {
  const table = compileRoutes(definitions);
  const claims = new Map<CompiledRoute, Claim>();
  const plans = new Set<ContextPlan>();
  for (const definition of definitions) {
    const { context } = definition;
    const url = (side: Side): string =>
      resolveSetting(definition[side].url, env, `contexts/${context}: ${side}.url`);
    const known = before?.plans.find(({ name }) => name === context);
    const instancesOf = (side: Side): string[] =>
      (definition[side].instances ?? []).map((one, index) =>
        resolveSetting(one, env, `contexts/${context}: ${side}.instances[${index}]`),
      );
    const urls = { monolith: url('monolith'), service: url('service') };
    const breakerOf = (side: Side): Breaker =>
      known?.urls[side] === urls[side] ? known.breakers[side] : breaker(context, side);
    const plan: ContextPlan = {
      name: context,
      urls,
      atATime: {
        monolith: definition.monolith.maxRequests,
        service: definition.service.maxRequests,
      },
      instances: { monolith: instancesOf('monolith'), service: instancesOf('service') },
      health: { monolith: definition.monolith.health, service: definition.service.health },
      breakers: { monolith: breakerOf('monolith'), service: breakerOf('service') },
      ceilings: ceilingsOf(definition, known?.ceilings),
      identity: identityReader(definition.identity, sha256),
      aliases: known?.aliases ?? new Aliases(),
      standInMs: (definition.standInSeconds ?? defaultStandInSeconds) * 1_000,
    };
    plans.add(plan);
    for (const [route, asWrite] of table.asWrites) {
      if (route.context !== context) continue;
      const { name } = route.definition;
      const flags = {
        kill: killFlagName(context),
        route: flagName(context, name),
        shadow: shadowFlagName(context, name),
      };
      const isRead = route.definition.kind === 'read';
      const ceilings = isRead ? under(plan.ceilings, name) : [];
      const duties = dutiesOf(route);
      claims.set(route, { route, plan, flags, ceilings, duties });
      claims.set(asWrite, { route: asWrite, plan, flags, ceilings: [], duties });
    }
  }
  for (const [route, { operations }] of table.asWrites) {
    if (!operations) continue;
    const all = operations.flatMap((one) => claims.get(one) ?? []);
    for (const one of [route, table.asWrites.get(route)]) {
      const claim = one && claims.get(one);
      if (claim) claims.set(one, { ...claim, operations: all });
    }
  }
  return {
    all: table.routes.flatMap((route) => claims.get(route) ?? []),
    plans: [...plans],
    answerHeaders: new Set([...plans].flatMap(({ identity }) => identity.answerHeaders)),
    find: (question) => {
      const found = findRoute(table, question);
      if (found.kind !== 'claimed') return found;
      const claim = claims.get(found.claim);
      return claim ? { ...found, claim } : { kind: 'unclaimed', path: found.path };
    },
    findBeside: (question) => {
      const route = findBeside(table, question);
      return route && claims.get(route);
    },
  };
}
