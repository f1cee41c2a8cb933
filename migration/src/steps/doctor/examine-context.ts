import {
  bothSides,
  directionFrom,
  type MigrationDefinition,
  type Side,
  replicates,
} from '@strangler-toolkit/plan';
import { type Report, reportAttempt } from '../../findings/check.ts';
import type { Identity } from '../../identity/identity.ts';
import { presentIdentity } from '../present-identity.ts';
import type { Toolkit } from '../toolkit.ts';
import { broker } from './broker.ts';
import { carrier } from './carrier.ts';
import type { ContextCheck, Need, Patient } from './context-check.ts';
import { contextFiles } from './context-files.ts';
import { deadLetters } from './dead-letters.ts';
import { directAddress } from './direct-address.ts';
import { decisions } from './decisions.ts';
import { fenceHeld, fences } from './fences.ts';
import { flags } from './flags.ts';
import { forgotten } from './forgotten.ts';
import { leftFlags } from './left-flags.ts';
import { identity } from './identity.ts';
import { lists } from './lists.ts';
import { owners } from './owners.ts';
import { references } from './references.ts';
import { server } from './server.ts';
import { sides } from './sides.ts';
import { checkState } from './state.ts';
import { subscriptions } from './subscriptions.ts';
import { mapping, replicaIdentity } from './tables.ts';
import { transport } from './transport.ts';
import { worker } from './worker.ts';
import { verification } from './verification.ts';
import { writeRoutes } from './write-routes.ts';

/** In the order in which a person reads them. A new check is a file and its name here. */
const checks: readonly ContextCheck[] = [
  directAddress('monolith'),
  directAddress('service'),
  owners,
  server('monolith'),
  replicaIdentity,
  server('service'),
  mapping,
  lists,
  decisions,
  references,
  writeRoutes,
  forgotten,
  fences,
  subscriptions,
  fenceHeld,
  transport,
  worker,
  deadLetters,
  verification,
  carrier,
  identity,
  flags,
  leftFlags,
  contextFiles,
  broker,
  sides,
];

/** Looks at one context, from what the control database says of it to its flags. */
export async function examineContext(
  kit: Toolkit,
  definition: MigrationDefinition,
  report: Report,
): Promise<void> {
  const control = await kit.control();
  const row = await kit.row(definition);
  const { moving } = await checkState(control, definition, row, report);
  const reachable = { monolith: false, service: false };
  const replicated = replicates(definition.data);
  if (replicated)
    for (const side of bothSides)
      reachable[side] = await isReachable(kit, definition, side, report);
  const there: Record<Need, boolean> = {
    'replicated data': replicated,
    'monolith database': reachable.monolith,
    'service database': reachable.service,
    'flag provider': kit.hasFlagWriter,
    'undisputed owner': true,
  };
  const has = (need: Need): boolean => there[need];
  const lacks = (need: Need): void => void (there[need] = false);
  let looked: Promise<Identity> | undefined;
  const identityNow = (): Promise<Identity> =>
    (looked ??= presentIdentity(kit, definition, directionFrom(row.owner)));
  const about = { kit, definition, control, row, moving, reachable };
  const patient: Patient = { ...about, report, identityNow, has, lacks };
  for (const { needs, attempt, run } of checks) {
    if (!needs.every(has)) continue;
    if (attempt) await reportAttempt(report, attempt.check, attempt.expected, () => run(patient));
    else await run(patient);
  }
}

const isReachable = (
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
  report: Report,
): Promise<boolean> =>
  reportAttempt(report, `${side} database`, 'reachable', () =>
    kit.withDatabase(definition, side, async () => {}),
  );
