import {
  flagName,
  killFlagName,
  type MigrationDefinition,
  resolveSetting,
  shadowFlagName,
  type Side,
} from '@strangler-toolkit/plan';
import type { Breaker } from '../resilience/breaker.ts';
import { type IdentityReader, identityReader } from '../routing/identity.ts';
import { findClaim, type Found } from '../routing/find-claim.ts';
import { Aliases } from './aliases.ts';
import { type CompiledRoute, compileRoutes } from '../routing/route-table.ts';

/** One context, ready to serve. */
export interface ContextPlan {
  readonly name: string;
  readonly urls: Readonly<Record<Side, string>>;
  readonly health: Readonly<Record<Side, string | undefined>>;
  readonly breakers: Readonly<Record<Side, Breaker>>;
  readonly identity: IdentityReader;
  readonly aliases: Aliases;
}

/** A route with everything that serving it needs; made once, so that a request only looks it up. */
export interface Claim {
  readonly route: CompiledRoute;
  readonly plan: ContextPlan;
  readonly flags: { readonly kill: string; readonly route: string; readonly shadow: string };
}

/** What the contexts claim of all that clients may ask. */
export interface Claims {
  readonly all: readonly Claim[];
  /** One per context. */
  readonly plans: readonly ContextPlan[];
  /** Headers of answers that may change whom requests belong to, in lower case. */
  readonly answerHeaders: ReadonlySet<string>;
  /**
   * For a path in the client's own spelling. `override`: a method that the application may take instead; what could be a
   * write is claimed as one.
   */
  find(method: string, rawPath: string, override?: string): Found<Claim>;
}

export interface ClaimsOptions {
  readonly definitions: readonly MigrationDefinition[];
  /** Looks up `env('NAME')` of context files. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly breaker: (context: string, side: Side) => Breaker;
}

/** @throws StranglerError CONFIG_INVALID for conflicting routes, CONFIG_ENV_MISSING for an address that is not set */
export function claimsOf({ definitions, env, breaker }: ClaimsOptions): Claims {
  const table = compileRoutes(definitions);
  const claims = new Map<CompiledRoute, Claim>();
  const plans = new Set<ContextPlan>();
  for (const definition of definitions) {
    const { context } = definition;
    const url = (side: Side): string =>
      resolveSetting(definition[side].url, env, `contexts/${context}: ${side}.url`);
    const plan: ContextPlan = {
      name: context,
      urls: { monolith: url('monolith'), service: url('service') },
      health: { monolith: definition.monolith.health, service: definition.service.health },
      breakers: { monolith: breaker(context, 'monolith'), service: breaker(context, 'service') },
      identity: identityReader(definition.identity),
      aliases: new Aliases(),
    };
    plans.add(plan);
    for (const route of table.routes) {
      if (route.context !== context) continue;
      const { name } = route.definition;
      claims.set(route, {
        route,
        plan,
        flags: {
          kill: killFlagName(context),
          route: flagName(context, name),
          shadow: shadowFlagName(context, name),
        },
      });
    }
  }
  const asWrites = new Map(
    [...claims.values()].map((claim): [Claim, Claim] => {
      const definition = { ...claim.route.definition, kind: 'write' as const };
      return [claim, { ...claim, route: { ...claim.route, definition } }];
    }),
  );
  const isWrite = ({ route }: Claim): boolean => route.definition.kind === 'write';
  const claimed = (method: string, path: string): Claim | undefined => {
    const route = table.match(method, path);
    return route && claims.get(route);
  };
  const strictest = (method: string, override: string, path: string): Claim | undefined => {
    const either = [claimed(override, path), claimed(method, path)].filter(
      (claim) => claim !== undefined,
    );
    return either.find(isWrite) ?? (either[0] && asWrites.get(either[0]));
  };
  return {
    all: [...claims.values()],
    plans: [...plans],
    answerHeaders: new Set([...plans].flatMap(({ identity }) => identity.answerHeaders)),
    find: (method, rawPath, override) =>
      findClaim(
        (path) =>
          override === undefined ? claimed(method, path) : strictest(method, override, path),
        rawPath,
      ),
  };
}
