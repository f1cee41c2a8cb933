import type { Command } from 'commander';
import {
  type CommonOptions,
  duration,
  force,
  makeCommand,
  withoutBroker,
  runStep,
  type Session,
} from '../command.ts';
import { outcomeText } from '../text/change-owner.ts';

/** The three moves that change who owns a context's data, or end the way back. */
export function ownerCommands(session: Session): Command[] {
  const owner = (
    kind: 'cutover' | 'rollback' | 'retire',
    summary: string,
    description: string,
    question: (context: string) => string,
  ): Command => {
    const command = makeCommand({
      usage: `${kind} <context>`,
      summary,
      description,
      changes: true,
      gated: true,
      examples: [
        `${kind} catalog --dry-run`,
        `${kind} catalog`,
        `${kind} catalog --yes --json`,
        ...(kind === 'cutover' ? ['cutover catalog --watch 10m'] : []),
      ],
    }).option('--no-facade', 'no facade runs, so there is no traffic to hold');
    if (kind === 'cutover')
      command
        .option(
          '--watch <time>',
          "watch the service's writes that long, and go back when they are worse (default: gates.watchSeconds)",
          duration,
        )
        .option(...withoutBroker);
    return command.action(
      async (
        context: string,
        common: CommonOptions & { facade?: boolean; broker?: boolean; watch?: number },
      ) => {
        const steps = await import('../../steps/change-owner/index.ts');
        await runStep(session, common, {
          step: steps[kind],
          options: {
            context,
            ...force(common),
            ...(common.watch !== undefined && { watchSeconds: common.watch }),
          },
          confirm: question(context),
          text: outcomeText,
        });
      },
    );
  };

  return [
    owner(
      'cutover',
      "make the service the owner of the context's data",
      "Holds writes at the facades, fences the monolith's tables, waits until the service has " +
        'everything, proves the way back, changes the owner, lets writes go on. Anything that fails ' +
        'before the change of owner leaves everything as it was.',
      (context) => `Make the service the owner of ${context}?`,
    ),
    owner(
      'rollback',
      'lead the context one stage back',
      'service → canary by the protocol of cutover with sides swapped; canary → shadowing and ' +
        'shadowing → replicating by flags; replicating → monolith drops slot, publication and ' +
        'fence.',
      (context) => `Lead ${context} one stage back?`,
    ),
    owner(
      'retire',
      'end the way back: the service keeps the context for good',
      'Stops the reverse stream, drops its slot and publication, archives the flags. The fence on ' +
        "the monolith's tables stays until they are dropped.",
      (context) => `End the way back of ${context} for good?`,
    ),
  ];
}
