import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Duties } from './duties.ts';
import type { EdgeRules } from './edge-schema.ts';
import { fetchKeys } from './fetch-keys.ts';
import { KeySet } from './key-set.ts';
import type { JwtRule } from './jwt-rules.ts';
import { rewritesOf } from './rewrite.ts';
import type { LimitRule } from './limit-rules.ts';
import { type LimitStores, limitStores } from './limit-store.ts';
import { RateLimit } from './rate-limit.ts';
import { SessionBridge } from './session-bridge.ts';
import type { SessionRule } from './session-rules.ts';
import { isFor, type NamedRoute, ruleFor } from './which-routes.ts';

export interface OpenDuties {
  /** Undefined route: of what no context claims. Undefined duties: none, which is the rule. */
  readonly of: (route: NamedRoute | undefined) => Duties | undefined;
  readonly sessions: readonly SessionBridge[] | undefined;
  readonly close: () => Promise<void>;
}

export interface DutyParts {
  readonly metrics: Pick<Metrics, 'edgeFailures'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly monolithUrl: string;
  /** Of this facade. */
  readonly name: string;
  readonly controlUrl: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly agents: () => UpstreamAgents;
}

/** Issuers' keys by their address: rules that name the same one share them. */
function keySets({ metrics, log }: DutyParts): (rule: JwtRule) => KeySet {
  const known = new Map<string, KeySet>();
  return ({ jwks, issuer }) => {
    let keys = known.get(jwks);
    keys ??= new KeySet({
      fetchKeys: () => fetchKeys(jwks),
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

function bridgesOf(rules: EdgeRules, parts: DutyParts): ReadonlyMap<SessionRule, SessionBridge> {
  const { metrics, log } = parts;
  const onFailure = (why: string): void => {
    metrics.edgeFailures.inc({ duty: 'sessions' });
    log.warn({ problem: why }, 'the monolith does not say who has a session');
  };
  return new Map(
    (rules.sessions ?? []).map((rule) => [rule, new SessionBridge(rule, { ...parts, onFailure })]),
  );
}

const told = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

type Limits = readonly (readonly [rule: LimitRule, limit: RateLimit])[];

function limitsOf(rules: EdgeRules, { metrics, log }: DutyParts, stores: LimitStores): Limits {
  const all = rules.rateLimits ?? [];
  // said twice it is the same limit, and counted once
  const different = all.filter(
    (rule, index) => all.findIndex((other) => isDeepStrictEqual(other, rule)) === index,
  );
  return different.map((rule, index) => {
    const onFailure = (error: unknown): void => {
      metrics.edgeFailures.inc({ duty: 'rateLimits' });
      if (error !== undefined)
        log.warn({ problem: told(error) }, 'requests are not counted: nobody is limited');
    };
    const limiter = stores.of(rule, index);
    return [rule, new RateLimit({ rule, limiter, onFailure, now: () => performance.now() })];
  });
}

/** What the rules of the edge make of each route. @throws StranglerError for a key that is not there, or is none */
export function openDuties(rules: EdgeRules, parts: DutyParts): OpenDuties {
  const keysOf = keySets(parts);
  const bridges = bridgesOf(rules, parts);
  const stores = limitStores(parts.controlUrl, parts.name);
  const limits = limitsOf(rules, parts, stores);
  return {
    sessions: bridges.size === 0 ? undefined : [...bridges.values()],
    close: () => stores.close(),
    of(route) {
      const rule = ruleFor(rules.jwt, route);
      // what no context claims has no service
      const sessions = route && ruleFor(rules.sessions, route);
      const counted = limits.filter(([{ routes }]) => isFor(routes, route));
      const duties: Duties = {
        limits: counted.length === 0 ? undefined : counted.map(([, limit]) => limit),
        jwt: rule && { rule, keys: keysOf(rule) },
        session: sessions && bridges.get(sessions),
        cache: ruleFor(rules.cache, route),
        cors: ruleFor(rules.cors, route),
        rewrites: rewritesOf(rules.rewrites, route),
        maxBody: ruleFor(rules.bodyLimits, route)?.maxBytes,
      };
      return Object.values(duties).some((duty) => duty !== undefined) ? duties : undefined;
    },
  };
}
