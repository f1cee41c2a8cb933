import type { LookupFunction } from 'node:net';
import {
  isServiceName,
  lookAtHealth,
  type MigrationDefinition,
  otherSide,
  resolveSetting,
  type Side,
  type SideWindow,
  statusOf,
  type UpstreamHealth,
} from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../control/index.ts';
import type { Toolkit } from './toolkit.ts';
import { askedSecurely } from './upstream-tls.ts';

/** What facades measured that long ago still counts, seconds. */
export const recentSeconds = 300;

export interface SideHealth {
  readonly health: UpstreamHealth;
  /** What facades measured in the last minutes; reads and writes together. */
  readonly recent: SideWindow;
}

/** Where DNS says that a service answers: the first of its SRV records, as facades ask them. */
async function wayToService(name: string): Promise<object> {
  const { lookup, promises } = process.getBuiltinModule('node:dns');
  const records = await promises.resolveSrv(name);
  const [first] = records.toSorted((one, other) => one.priority - other.priority);
  if (!first) return {};
  return {
    port: first.port,
    lookup: (...[, options, done]: Parameters<LookupFunction>) => lookup(first.name, options, done),
    servername: name.split('.').slice(2).join('.'),
  };
}

/** Whether a side's HTTP answers, asked from here; an address that is not set is told, not thrown. */
async function healthOf(
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
): Promise<UpstreamHealth> {
  const { url, health } = definition[side];
  try {
    const address = resolveSetting(url, kit.env, `${side}.url of context ${definition.context}`);
    const { hostname } = new URL(address);
    const way = {
      ...(isServiceName(hostname) && (await wayToService(hostname))),
      ...(await askedSecurely(address, kit.env)),
    };
    return await lookAtHealth({ url: address, path: health }, (path) => statusOf(path, way));
  } catch (error) {
    return { up: false, why: error instanceof Error ? error.message : String(error) };
  }
}

export async function sideHealth(
  kit: Toolkit,
  control: Control,
  definition: MigrationDefinition,
): Promise<Readonly<Record<Side, SideHealth>>> {
  const [recent, monolith, service] = await Promise.all([
    control.routeStats.window(definition.context, { seconds: recentSeconds }),
    healthOf(kit, definition, 'monolith'),
    healthOf(kit, definition, 'service'),
  ]);
  return {
    monolith: { health: monolith, recent: recent.monolith },
    service: { health: service, recent: recent.service },
  };
}

/** Whether clients depend on a side: on the service from its canary on, on the monolith until it is retired. */
export const isNeeded = ({ stage }: Pick<ContextRow, 'stage'>, side: Side): boolean =>
  side === 'service'
    ? stage === 'canary' || stage === 'service' || stage === 'retired'
    : stage !== 'retired';

/** The way back, when the service is gone and the other side is there to go back to. */
export function wayOut(
  row: Pick<ContextRow, 'stage' | 'owner' | 'context' | 'dataKind'>,
  sides: Readonly<Record<Side, SideHealth>>,
): { readonly command: string; readonly why: string } | undefined {
  const { stage, context } = row;
  const bad = (side: Side): boolean => {
    const { health, recent } = sides[side];
    return !health.up || (recent.requests >= 20 && recent.errors > recent.requests / 2);
  };
  if ((stage !== 'canary' && stage !== 'service') || !bad('service') || bad(otherSide('service')))
    return undefined;
  const cost =
    stage === 'service' && row.dataKind === 'replicated'
      ? 'writes wait for some seconds at most, no acknowledged one is lost'
      : 'flags go to 0 %, nothing else changes';
  const state = sides.service.health.up ? 'fails' : 'is not there';
  return {
    command: `strangler rollback ${context}`,
    why: `the service ${state}, the monolith answers; going back: ${cost}`,
  };
}
