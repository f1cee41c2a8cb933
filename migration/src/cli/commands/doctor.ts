import type { Command } from 'commander';
import { type CommonOptions, makeCommand, print, withToolkit, type Session } from '../command.ts';
import { doctorText } from '../text/doctor.ts';

export function doctorCommand(session: Session): Command {
  return makeCommand({
    usage: 'doctor [context]',
    summary: 'compare what should be with what is, and say how to mend it',
    description:
      'Control database, both databases, rights, slots, publications, mapping, fences, leases, ' +
      'facades, flags; on Kafka brokers, Connect, connectors, topics. Exit 1 when something ' +
      'drifts.',
    examples: ['doctor', 'doctor catalog', 'doctor --json'],
  })
    .option('--all', 'show what is right, too')
    .action(async (context: string | undefined, common: CommonOptions & { all?: boolean }) => {
      const { doctor: examine } = await import('../../steps/doctor/doctor.ts');
      await withToolkit(session, common, async (kit) => {
        const result = await examine(kit, context);
        print(session.terminal, common.json, result, () =>
          session.terminal.wrapped(
            doctorText(result.checks, common.all === true, session.terminal),
          ),
        );
        session.exitCode = result.ok ? 0 : 1;
      });
    });
}
