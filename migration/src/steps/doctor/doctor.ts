import { type Check, checked, type Report, reportAttempt } from '../../findings/check.ts';
import type { Toolkit } from '../toolkit.ts';
import { examineContext } from './examine-context.ts';
import { checkFacades } from './facades.ts';
import { checkFlagSource } from './flag-source.ts';
import { checkForwardedHeaders } from './forwarded-headers.ts';
import { checkUpstreamNames } from './upstream-names.ts';

export type { Check } from '../../findings/check.ts';

/** Compares what the control database says with what is there, and says how to mend. */
export async function doctor(
  kit: Toolkit,
  context?: string,
): Promise<{ ok: boolean; checks: Check[] }> {
  const checks: Check[] = [];
  const reportFor =
    (of: string | null): Report =>
    (finding) =>
      checks.push(checked(of, finding));
  const report = reportFor(null);
  const definitions =
    context === undefined
      ? [...(await kit.contexts()).values()].map((loaded) => loaded.definition)
      : [await kit.definition(context)];
  if (
    !(await reportAttempt(report, 'control database', 'reachable, schema of this release', () =>
      kit.control(),
    ))
  )
    return { ok: false, checks };
  const flags = kit.flagWriter();
  // the control database was reached already
  if (flags.source !== 'control')
    await reportAttempt(report, flags.provider, 'reachable, the token may change flags', () =>
      flags.ping(),
    );
  await checkFlagSource(await kit.control(), flags, report);
  await checkFacades(await kit.control(), report);
  await checkForwardedHeaders(await kit.control(), report);
  await checkUpstreamNames(await kit.control(), report);
  await kit.keepingConnections(async () => {
    for (const definition of definitions)
      await reportAttempt(report, `context ${definition.context}`, 'can be examined', () =>
        examineContext(kit, definition, reportFor(definition.context)),
      );
  });
  return { ok: checks.every((check) => check.ok), checks };
}
