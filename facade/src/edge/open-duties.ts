import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Duties } from './duties.ts';
import type { EdgeRules } from './edge-schema.ts';
import { fetchKeys } from './fetch-keys.ts';
import { KeySet } from './key-set.ts';
import type { JwtRule } from './jwt-rules.ts';
import { rewritesOf } from './rewrite.ts';
import { type NamedRoute, ruleFor } from './which-routes.ts';

export interface OpenDuties {
  /** Undefined route: of what no context claims. Undefined duties: none, which is the rule. */
  readonly of: (route: NamedRoute | undefined) => Duties | undefined;
}

export interface DutyParts {
  readonly metrics: Pick<Metrics, 'edgeFailures'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Issuers' keys by their address: rules that name the same one share them. */
function keySets({ metrics, log }: DutyParts): (rule: JwtRule) => KeySet {
  const known = new Map<string, KeySet>();
  return ({ jwks, keysSeconds, issuer }) => {
    let keys = known.get(jwks);
    keys ??= new KeySet({
      fetchKeys: () => fetchKeys(jwks),
      maxAgeMs: keysSeconds * 1_000,
      now: () => performance.now(),
      onFailure: (error) => {
        metrics.edgeFailures.inc({ duty: 'jwt' });
        log.warn({ issuer, jwks, problem: String(error) }, 'keys of an issuer did not come');
      },
    });
    known.set(jwks, keys);
    return keys;
  };
}

/** What the rules of the edge make of each route. */
export function openDuties(rules: EdgeRules, parts: DutyParts): OpenDuties {
  const keysOf = keySets(parts);
  return {
    of(route) {
      const rule = ruleFor(rules.jwt, route);
      const duties: Duties = {
        jwt: rule && { rule, keys: keysOf(rule) },
        cors: ruleFor(rules.cors, route),
        rewrites: rewritesOf(rules.rewrites, route),
        maxBody: ruleFor(rules.bodyLimits, route)?.maxBytes,
      };
      return Object.values(duties).some((duty) => duty !== undefined) ? duties : undefined;
    },
  };
}
