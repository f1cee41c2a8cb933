import type { ShadowFact } from './gate-facts.ts';
import { askDoctor, type Gate, type GateResult, result } from './gate-result.ts';

export const pacts: Gate = (facts, settings) => {
  if (!settings.pacts)
    return result({
      gate: 'pacts',
      ok: true,
      actual: 'not asked for (gates.pacts is false)',
      expected: 'not asked for',
      remedy: '',
    });
  const asked = {
    gate: 'pacts',
    expected: 'verified on both sides',
    remedy: `strangler contracts verify ${facts.context}`,
    command: `strangler contracts verify ${facts.context}`,
  } as const;
  if (facts.pacts === undefined) return result({ ...asked, ok: false, actual: 'never verified' });
  const { voidSince, notVerified = [] } = facts.pacts;
  if (voidSince !== undefined)
    return result({ ...asked, ok: false, actual: `void since: ${voidSince}` });
  if (notVerified.length > 0)
    return result({ ...asked, ok: false, actual: `not verified: ${notVerified.join('; ')}` });
  const failed = [
    facts.pacts.monolith ? '' : 'monolith',
    facts.pacts.service ? '' : 'service',
  ].filter((side) => side !== '');
  return result({
    ...asked,
    ok: failed.length === 0,
    actual: failed.length === 0 ? asked.expected : `failed on ${failed.join(' and ')}`,
  });
};

/** Beside the gates of a move where a Pact Broker is set. */
export const canIDeploy: Gate = ({ context, broker }) => {
  const asked = {
    gate: 'can-i-deploy',
    expected: 'the Pact Broker says that what comes may be there',
  } as const;
  if (broker === undefined)
    return result({ ...asked, ok: false, actual: 'not known', ...askDoctor(context) });
  const { about, deployable, reason, problem, remedy, notAsked } = broker;
  if (notAsked)
    return result({ ...asked, ok: true, actual: 'not asked (--no-broker)', remedy: '' });
  if (problem !== undefined)
    return result({
      ...asked,
      ok: false,
      actual: `not verified: ${problem}`,
      remedy:
        `${remedy ?? 'Bring the Pact Broker back.'} Or go on without its word, which is journaled: ` +
        '--no-broker --reason "why".',
    });
  const verify = `strangler contracts verify ${context}`;
  return result({
    ...asked,
    ok: deployable === true,
    actual: `${about}: ${reason}`,
    remedy:
      `${verify} --publish-results gives the broker the results of what comes; ` +
      'consumers that are deployed there have to be known to it.',
    command: `${verify} --publish-results`,
  });
};

/** What was counted is about something else: it has to be counted anew. */
const again = (context: string, wanted: number): Pick<GateResult, 'remedy' | 'command'> => ({
  remedy: `strangler shadow ${context} --reset --sample 100 --wait ${wanted}`,
  command: `strangler shadow ${context} --reset --sample 100 --wait ${wanted}`,
});

export const shadowReads: Gate = ({ context, shadow, shadowVoidSince }, { minShadowReads }) => {
  const asked = {
    gate: 'shadow-reads',
    expected: `${minShadowReads} compared reads of each read route`,
    remedy: `strangler shadow ${context} --sample 100 --wait ${minShadowReads}`,
    command: `strangler shadow ${context} --sample 100 --wait ${minShadowReads}`,
  } as const;
  if (shadow === undefined) return result({ ...asked, ok: false, actual: 'not known' });
  if (shadowVoidSince !== undefined)
    return result({
      ...asked,
      ...again(context, minShadowReads),
      ok: false,
      actual: `void since: ${shadowVoidSince}`,
    });
  const few = shadow.filter((route) => route.compared < minShadowReads);
  const least = Math.min(...shadow.map((route) => route.compared));
  const actual =
    few.length > 0
      ? few.map((route) => `${route.route} ${route.compared}`).join(', ')
      : shadow.length === 0
        ? 'no read routes'
        : `at least ${least}`;
  return result({ ...asked, ok: few.length === 0, actual });
};

const failures = ({ failed }: ShadowFact): string =>
  [
    failed && failed.errors > 0 ? `${failed.errors} errors` : '',
    failed && failed.timeouts > 0 ? `${failed.timeouts} time-outs` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
/** A share of noticed answers, with how many of them were no difference but a failure. */
const ratedText = (route: ShadowFact & { readonly percent: number }): string => {
  const failed = failures(route);
  const differ = route.mismatches - (route.failed?.errors ?? 0) - (route.failed?.timeouts ?? 0);
  const parts = failed === '' ? '' : ` (${differ} differ, ${failed})`;
  return `${route.route} ${Number(route.percent.toFixed(3))} %${parts}`;
};

export const mismatches: Gate = ({ context, shadow }, { maxMismatchPercent }) => {
  const asked = {
    gate: 'mismatches',
    expected: `at most ${maxMismatchPercent} % of each read route`,
    remedy: `strangler shadow ${context} shows what differs`,
    command: `strangler shadow ${context}`,
  } as const;
  if (shadow === undefined) return result({ ...asked, ok: false, actual: 'not known' });
  // Where nothing was compared nothing differs, which proves nothing.
  const none = shadow.filter((route) => route.compared === 0);
  if (none.length > 0)
    return result({
      ...asked,
      ok: false,
      actual: `not verified: nothing was compared of ${none.map(({ route }) => route).join(', ')}`,
    });
  const rated = shadow.map((route) => ({
    ...route,
    percent: (100 * route.mismatches) / route.compared,
  }));
  const bad = rated.filter((route) => route.percent > maxMismatchPercent);
  const actual =
    bad.length > 0
      ? bad.map(ratedText).join(', ')
      : `${Number(Math.max(0, ...rated.map((route) => route.percent)).toFixed(3))} %`;
  return result({ ...asked, ok: bad.length === 0, actual });
};

export const facades: Gate = ({ context, facades: known }) => {
  const asked = {
    gate: 'facades',
    expected: 'all facade instances alive and on the current epoch',
  } as const;
  if (known === undefined)
    return result({ ...asked, ok: false, actual: 'not known', ...askDoctor(context) });
  if (known.notNeeded)
    return result({ ...asked, ok: true, actual: 'not needed (--no-facade)', remedy: '' });
  if (known.alive === 0)
    return result({
      ...asked,
      ok: false,
      actual: 'no facade is alive',
      remedy: 'Start the facade, or use --no-facade when no traffic flows.',
    });
  if (known.behind.length > 0)
    return result({
      ...asked,
      ok: false,
      actual: `behind the current epoch: ${known.behind.join(', ')}`,
      remedy: 'Look at the log of that facade: it has not seen the last change of owner.',
    });
  return result({
    ...asked,
    ok: true,
    actual: `${known.alive} alive${known.stale.length > 0 ? `, ${known.stale.length} gone` : ''}`,
    remedy: '',
  });
};

export const contextFiles: Gate = ({ context, otherPlan }) => {
  const asked = {
    gate: 'context-files',
    expected: 'every facade serves by this context file',
  } as const;
  if (otherPlan === undefined)
    return result({ ...asked, ok: false, actual: 'not known', ...askDoctor(context) });
  return result({
    ...asked,
    ok: otherPlan.length === 0,
    actual: otherPlan.length === 0 ? 'the same' : `another one at ${otherPlan.join(', ')}`,
    remedy:
      'Give those facades this file and send them SIGHUP; plan.problem of their /health/ready says why they do not take it.',
  });
};

export const noReads: Gate = ({ context, readsOnMonolith }) =>
  result({
    gate: 'reads-on-monolith',
    ok: readsOnMonolith === 0,
    actual: readsOnMonolith === undefined ? 'not known' : `${readsOnMonolith} in the last day`,
    expected: '0 in the last day',
    remedy: `strangler route ${context} --all --percent 100`,
    command: `strangler route ${context} --all --percent 100`,
  });
