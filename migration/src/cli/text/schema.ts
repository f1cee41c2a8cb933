import type { Effect, OrderedStep, Phase } from '../../schema/finding.ts';
import { phases } from '../../schema/finding.ts';
import type { SchemaResult } from '../../steps/schema.ts';
import type { Terminal } from '../terminal.ts';

type Style = Pick<Terminal, 'style'>;

const marks: Readonly<Record<Effect, readonly [Parameters<Terminal['style']>[0], string]>> = {
  stops: ['red', '✗ stops the stream'],
  asks: ['red', '? wants a decision'],
  rereads: ['yellow', '~ is read again'],
  passes: ['green', '✓ passes'],
};

const whose = ({ side }: OrderedStep): string => (side === null ? 'context file' : side);

/** What a change does to a context, and what to write first. */
export function schemaCheckText({ context, findings, ok }: SchemaResult, { style }: Style): string {
  const lines = findings.flatMap(({ effect, line, what, steps }) => {
    const [colour, mark] = marks[effect];
    const [first] = steps;
    return [
      `${style(colour, mark)}: ${what}`,
      ...(line === null ? [] : [`    line:  ${line}`]),
      ...(first === undefined ? [] : [`    first: ${whose(first)}: ${first.text}`]),
    ];
  });
  const end = ok
    ? `The change may be applied while ${context} replicates.`
    : `Not as it is: strangler schema plan ${context} with the same options prints the order.`;
  return [...lines, end].join('\n');
}

const titles: Readonly<Record<Phase, string>> = {
  expand: 'Expand: what only adds, applied while the stream runs',
  mapping: 'Mapping: then the context file, and the worker starts again',
  contract: 'Contract: last, what takes away',
};

/** The order of a change that touches both sides. */
export function schemaPlanText({ context, plan }: SchemaResult): string {
  if (plan.length === 0) return `Nothing to prepare: ${context} replicates on.`;
  return phases
    .flatMap((phase) => {
      const steps = plan.filter((step) => step.phase === phase);
      return steps.length === 0
        ? []
        : [titles[phase], ...steps.map((step) => `  ${whose(step)}: ${step.text}`)];
    })
    .join('\n');
}
