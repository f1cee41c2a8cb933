import type { MoveOutcome } from '../../steps/change-owner/index.ts';

/** The protocol's steps, where the context stands now, and how long writes waited. */
export const outcomeText = (result: MoveOutcome): string =>
  [
    ...result.steps.map(
      (step) => `${step.status.padEnd(7)} ${step.step} (${step.seconds.toFixed(3)} s)`,
    ),
    `${result.context}: stage ${result.stage}, owner ${result.owner}, epoch ${result.epoch}` +
      (result.writePauseMs === null ? '' : `, writes waited ${Math.round(result.writePauseMs)} ms`),
    ...(result.goneInstances.length > 0
      ? [`facades that were gone: ${result.goneInstances.join(', ')}`]
      : []),
  ].join('\n');
