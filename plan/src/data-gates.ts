import { earlierVerificationText } from './earlier-verification.ts';
import { finding, type Gate, result, seconds } from './gate-result.ts';
import { judgeWriteRoutes, writeRoutesExpected } from './write-routes.ts';

export const databases = finding({
  gate: 'databases',
  fact: (facts) => facts.databases,
  expected: 'both databases reachable',
});
export const replicaIdentity = finding({
  gate: 'replica-identity',
  fact: (facts) => facts.replicaIdentity,
  expected: 'every table has a usable replica identity',
});
export const mapping = finding({
  gate: 'mapping',
  fact: (facts) => facts.mapping,
  expected: 'the mapping compiles',
});
export const decisions = finding({
  gate: 'decisions',
  fact: (facts) => facts.decisions,
  expected: 'what lies around the mapped rows is decided',
});
export const writeRoutes: Gate = ({ context, writeRoutes: found }) =>
  result({
    gate: 'write-routes',
    ...(found === undefined ? { ok: false, actual: 'not known' } : judgeWriteRoutes(found)),
    expected: writeRoutesExpected,
    remedy:
      'strangler routes discover shows what nobody claims: name the writes in the context file of ' +
      `${context}, or say in noWriteRoutes why there are none`,
    command: 'strangler routes discover',
  });
export const publicationAndSlot = finding({
  gate: 'publication-and-slot',
  fact: (facts) => facts.publicationAndSlot,
  expected: 'publication and slot can be made',
});
export const wayBack = finding({
  gate: 'way-back',
  fact: (facts) => facts.wayBack,
  expected:
    'publication and slot of the way back can be made (the move itself proves them with a marker)',
});

export const initialCopy: Gate = ({ context, copyComplete }) =>
  result({
    gate: 'initial-copy',
    ok: copyComplete === true,
    actual: copyComplete === undefined ? 'not known' : copyComplete ? 'complete' : 'not complete',
    expected: 'complete',
    remedy: `strangler replicate ${context} --until-caught-up`,
    command: `strangler replicate ${context} --until-caught-up`,
  });

export const lag: Gate = (
  { context, workerAlive, workerRetry, workerEnded, lagSeconds },
  { maxLagSeconds },
) => {
  const expected = `worker alive, lag at most ${seconds(maxLagSeconds)}`;
  if (workerAlive !== true && workerRetry !== undefined)
    return result({
      gate: 'lag',
      ok: false,
      actual: `the worker failed with ${workerRetry.code} and ${workerRetry.text}`,
      expected,
      remedy: `Mend what strangler status ${context} tells of it: the worker goes on by itself`,
    });
  if (workerAlive !== true && workerEnded !== undefined)
    return result({
      gate: 'lag',
      ok: false,
      actual: `the worker ended with ${workerEnded}`,
      expected,
      ...(workerEnded === 'CONTROL_FELL_BACK'
        ? {
            remedy: `Bring the owner back from the sides: strangler control restore ${context} --from-sides --dry-run`,
            command: `strangler control restore ${context} --from-sides --dry-run`,
          }
        : {
            remedy: `Changes may be missing, copy anew: strangler replicate ${context} --restart`,
            command: `strangler replicate ${context} --restart`,
          }),
    });
  if (workerAlive !== true)
    return result({
      gate: 'lag',
      ok: false,
      actual: 'no worker is alive',
      expected,
      remedy: `Start it: strangler replicate ${context}`,
      command: `strangler replicate ${context}`,
    });
  if (lagSeconds === undefined)
    return result({
      gate: 'lag',
      ok: false,
      actual: 'not known',
      expected,
      remedy: `Wait until the worker reports: strangler status ${context}`,
    });
  return result({
    gate: 'lag',
    ok: lagSeconds <= maxLagSeconds,
    actual: seconds(lagSeconds),
    expected,
    remedy: `Wait for the worker to catch up: strangler status ${context}`,
  });
};

export const verified =
  (fresh: boolean): Gate =>
  ({ context, verification, earlierVerification }, { verificationMaxAgeSeconds }) => {
    const asked = {
      gate: 'verification',
      expected: fresh
        ? `0 differing rows, at most ${seconds(verificationMaxAgeSeconds)} old`
        : '0 differing rows',
      remedy: `strangler verify ${context}`,
      command: `strangler verify ${context}`,
    } as const;
    if (verification === undefined)
      return result({
        ...asked,
        ok: false,
        actual: earlierVerification
          ? earlierVerificationText(earlierVerification)
          : 'never verified',
      });
    const { differences, ageSeconds, voidSince, notCompared } = verification;
    if (notCompared !== undefined)
      return result({ ...asked, ok: false, actual: `not verified: ${notCompared}` });
    if (voidSince !== undefined)
      return result({ ...asked, ok: false, actual: `void since: ${voidSince}` });
    return result({
      ...asked,
      ok: differences === 0 && (!fresh || ageSeconds <= verificationMaxAgeSeconds),
      actual: `${differences} differing rows, ${seconds(ageSeconds)} old`,
    });
  };

export const deadLetters: Gate = ({ context, openDeadLetters }) =>
  result({
    gate: 'dead-letters',
    ok: openDeadLetters === 0,
    actual: openDeadLetters === undefined ? 'not known' : `${openDeadLetters} open`,
    expected: '0 open',
    remedy: `strangler dead-letters list ${context}`,
    command: `strangler dead-letters list ${context}`,
  });

export const ownedFor: Gate = ({ ownedDays }, { retireAfterDays }) =>
  result({
    gate: 'owned-for',
    ok: ownedDays !== undefined && ownedDays >= retireAfterDays,
    actual: ownedDays === undefined ? 'not known' : `${Number(ownedDays.toFixed(2))} days`,
    expected: `owned by the service for ${retireAfterDays} days`,
    remedy: 'Wait, or set gates.retireAfterDays in the context file.',
  });

export const noStrays: Gate = ({ context, strayWrites }) =>
  result({
    gate: 'stray-writes',
    ok: strayWrites === 0,
    actual: strayWrites === undefined ? 'not known' : `${strayWrites} refused or logged`,
    expected: '0',
    remedy:
      `strangler fence status ${context} shows who still writes to the monolith's tables; when they write no more, ` +
      `strangler fence seen ${context} --reason "why" counts from there on`,
    command: `strangler fence status ${context}`,
  });
