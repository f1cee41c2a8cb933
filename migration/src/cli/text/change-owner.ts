import type { MoveOutcome } from '../../steps/change-owner/index.ts';

/** Steps that did not end well (the others were told while they ran), where the context stands now, and how long writes waited. */
export const outcomeText = (result: MoveOutcome): string =>
  [
    ...result.steps
      .filter(({ status }) => status !== 'done')
      .map(({ status, step, seconds }) => `${status.padEnd(7)} ${step} (${seconds.toFixed(3)} s)`),
    `${result.context}: stage ${result.stage}, owner ${result.owner}, epoch ${result.epoch}` +
      (result.writePauseMs === null ? '' : `, writes waited ${Math.round(result.writePauseMs)} ms`),
    ...(result.watched
      ? [
          `watched: ${result.watched.reason}` +
            (result.watched.verdict === 'keep' ? '' : ', so nothing was judged'),
        ]
      : []),
    ...(result.deployment?.recorded === true
      ? [
          `deployment recorded: ${result.deployment.pacticipant} ${result.deployment.version} in ${result.deployment.environment}`,
        ]
      : []),
    ...(result.deployment?.recorded === false
      ? [
          `deployment not recorded: ${result.deployment.why}`,
          `record it later: ${result.deployment.command}`,
        ]
      : []),
    ...(result.goneInstances.length > 0
      ? [`facades that were gone: ${result.goneInstances.join(', ')}`]
      : []),
  ].join('\n');
