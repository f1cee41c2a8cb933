import { StranglerError } from '@strangler-toolkit/plan';
import { Command } from 'commander';
import {
  type CommonOptions,
  count,
  makeCommand,
  print,
  runStep,
  type Session,
  withToolkit,
} from '../command.ts';
import { statusText } from '../status-text.ts';
import { table } from '../terminal.ts';

const list = (text: string, before: string[] = []): string[] => [
  ...before,
  ...text.split(' ').filter((part) => part !== ''),
];

export function lookCommands(session: Session): Command[] {
  const { terminal } = session;
  const doctor = makeCommand({
    usage: 'doctor [context]',
    summary: 'compare what should be with what is, and say how to mend it',
    description:
      'Control database, both databases, rights, slots, publications, mapping, fences, leases, facades, flags; on Kafka brokers, Connect, connectors, topics. Exit 1 when something drifts.',
    examples: ['doctor', 'doctor catalog', 'doctor --json'],
  })
    .option('--all', 'show what is right, too')
    .action(async (context: string | undefined, common: CommonOptions & { all?: boolean }) => {
      const { doctor: examine } = await import('../../steps/doctor.ts');
      await withToolkit(session, common, async (kit) => {
        const result = await examine(kit, context);
        print(terminal, common.json, result, () => {
          const shown = result.checks.filter((check) => common.all || !check.ok);
          const lines = shown.flatMap((check) => [
            `${check.ok ? terminal.style('green', '✓') : terminal.style('red', '✗')} ${check.context ? `${check.context}: ` : ''}${check.check}`,
            ...(check.ok
              ? [`    ${check.actual}`]
              : [
                  `    expected: ${check.expected}`,
                  `    actual:   ${check.actual}`,
                  `    remedy:   ${check.remedy}`,
                ]),
          ]);
          return [
            ...lines,
            `${result.checks.filter((check) => check.ok).length} of ${result.checks.length} checks are right`,
          ].join('\n');
        });
        session.exitCode = result.ok ? 0 : 1;
      });
    });

  const status = makeCommand({
    usage: 'status [context]',
    summary: 'where each context stands, and the next command to type',
    examples: ['status', 'status catalog', 'status catalog --json'],
  }).action(async (context: string | undefined, common: CommonOptions) => {
    const { status: read } = await import('../../steps/status.ts');
    await withToolkit(session, common, async (kit) => {
      const all = await read(kit, context);
      print(terminal, common.json, context === undefined ? { contexts: all } : all[0], () =>
        all.map((one) => statusText(one, terminal)).join('\n\n'),
      );
    });
  });

  const verify = makeCommand({
    usage: 'verify <context>',
    summary: 'compare every row of both sides while writes go on',
    changes: true,
    description:
      'Chunked checksums, with drill-down to keys and columns; rows that are still on their way are looked at again. Records the evidence that gates read. Exit 3 when rows differ.',
    examples: [
      'verify catalog',
      'verify catalog --json',
      'verify catalog --repair --keys products:42 products:43',
    ],
  })
    .option('--chunk-rows <rows>', 'rows per checksum (default 1000)', count)
    .option('--parallel <n>', 'chunks at once', count)
    .option('--keys <table:key...>', 'only these rows: monolith table and key')
    .option('--repair', 'send the named rows of the owner again')
    .action(
      async (
        context: string,
        common: CommonOptions & {
          chunkRows?: number;
          parallel?: number;
          keys?: string[];
          repair?: boolean;
        },
      ) => {
        const { verify: step } = await import('../../steps/verify.ts');
        const keys = common.keys?.flatMap((key) => list(key));
        await runStep(
          session,
          common,
          step,
          {
            context,
            ...(common.chunkRows !== undefined && { chunkRows: common.chunkRows }),
            ...(common.parallel !== undefined && { parallel: common.parallel }),
            ...(keys && { keys }),
            ...(common.repair && { repair: true }),
          },
          {
            // Rows of which nothing could be said are not clean.
            exitCode: (result) => (result.differences > 0 || result.unsettled > 0 ? 3 : 0),
            text: (result) =>
              [
                table([
                  ['table', 'rows', 'differing', 'unsettled'],
                  ...result.tables.map((one) => [
                    one.table,
                    String(one.rows),
                    String(one.differing.length),
                    String(one.unsettled),
                  ]),
                ]),
                ...result.tables.flatMap((one) =>
                  one.differing
                    .slice(0, 20)
                    .map(
                      (row) =>
                        `${one.table} ${JSON.stringify(row.key)} ${row.kind}${row.columns ? `: ${row.columns.map((column) => column.name).join(', ')}` : ''}`,
                    ),
                ),
                `${result.rowsCompared} rows compared, ${result.differences} differ${result.unsettled > 0 ? `, ${result.unsettled} unsettled, not differing: run again` : ''}, ${result.seconds.toFixed(1)} s`,
              ].join('\n'),
          },
        );
      },
    );

  const journal = makeCommand({
    usage: 'journal [context]',
    summary: 'what was done, when and by whom',
    examples: ['journal catalog', 'journal --limit 500 --json', 'journal catalog --follow'],
  })
    .option('--limit <rows>', 'newest rows to show', count, 50)
    .option('-f, --follow', 'go on until Ctrl-C')
    .action(
      async (
        context: string | undefined,
        common: CommonOptions & { limit: number; follow?: boolean },
      ) => {
        const { journal: read } = await import('../../steps/journal.ts');
        await withToolkit(session, common, (kit) =>
          read(kit, {
            ...(context !== undefined && { context }),
            limit: common.limit,
            ...(common.follow && { follow: true }),
            onRow: (row) =>
              print(
                terminal,
                common.json,
                row,
                () =>
                  `${row.at.slice(0, 23)}  ${row.context.padEnd(16)} ${String(row.epoch ?? '').padStart(3)}  ${row.status.padEnd(8)} ${row.step.padEnd(20)} ${row.actor}  ${typeof row.detail.reason === 'string' ? `${row.detail.reason}  ` : ''}${JSON.stringify(row.detail).slice(0, 200)}`,
              ),
          }),
        );
      },
    );

  const resync = makeCommand({
    usage: 'resync <context> <table>',
    summary: 'read one table of the owner again and apply its rows, while changes go on',
    changes: true,
    description:
      'Through Kafka only: Debezium reads the table in chunks between the changes. Rows that only the other side has stay there; verify finds them. Ctrl-C stops the reading.',
    examples: ['resync catalog products', 'resync catalog shop.order_lines --json'],
  }).action(async (context: string, name: string, common: CommonOptions) => {
    const { resync: step } = await import('../../steps/resync.ts');
    await runStep(
      session,
      common,
      step,
      { context, table: name },
      {
        text: (result) =>
          `${result.context}: ${result.tables.join(', ')} read again in ${result.chunks} chunks and applied (${result.messages} rows and changes, ${result.seconds.toFixed(1)} s); compare now with: strangler verify ${result.context}`,
      },
    );
  });

  const deadLetters = new Command('dead-letters')
    .summary('change events that could not be applied')
    .description('Change events that could not be applied: list, show, replay or drop them.')
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler dead-letters list catalog\n  $ strangler dead-letters replay catalog 7',
    );
  for (const action of ['list', 'show', 'replay', 'drop'] as const) {
    const command = makeCommand({
      usage: action === 'list' ? 'list <context>' : `${action} <context> [ids...]`,
      summary: {
        list: 'open dead letters',
        show: 'event and error of some',
        replay: 'apply some again',
        drop: 'give some up: their rows will differ',
      }[action],
      changes: action === 'replay' || action === 'drop',
      examples:
        action === 'list'
          ? ['dead-letters list catalog', 'dead-letters list catalog --json']
          : [`dead-letters ${action} catalog 7 8`, `dead-letters ${action} catalog --all`],
    });
    if (action !== 'list') command.option('--all', 'every open one');
    command.action(async (context: string, ...rest: unknown[]) => {
      const ids = action === 'list' ? [] : (rest[0] as string[]);
      const common = (action === 'list' ? rest[0] : rest[1]) as CommonOptions & { all?: boolean };
      const { deadLetters: step } = await import('../../steps/dead-letters.ts');
      await runStep(
        session,
        common,
        step,
        { context, action, ids, ...(common.all && { all: true }) },
        {
          ...(action === 'drop' && {
            confirm: `Give up these change events of ${context}? Their rows will differ until repaired.`,
          }),
          text: (result) =>
            result.deadLetters.length === 0
              ? 'no open dead letters'
              : result.deadLetters
                  .map((letter) =>
                    JSON.stringify(
                      letter,
                      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
                      action === 'show' ? 2 : undefined,
                    ),
                  )
                  .join('\n'),
        },
      );
    });
    deadLetters.addCommand(command);
  }

  const contracts = new Command('contracts')
    .summary("pacts of the context's consumers")
    .description("Pacts of the context's consumers.")
    .addHelpText('after', '\nExamples:\n  $ strangler contracts verify catalog');
  contracts.addCommand(
    makeCommand({
      usage: 'verify <context>',
      summary: 'verify the pacts against the monolith and the service',
      changes: true,
      examples: ['contracts verify catalog', 'contracts verify catalog --json'],
    }).action(async (context: string, common: CommonOptions) => {
      const { contractsVerify } = await import('../../steps/contracts.ts');
      await runStep(
        session,
        common,
        contractsVerify,
        { context },
        {
          text: (result) =>
            `${result.context}: the pacts hold on both sides (${result.monolith.interactions.length} interactions each)`,
        },
      );
    }),
  );

  const fence = new Command('fence')
    .summary('who writes past the facade')
    .description("The audit fence logs who writes to the monolith's tables, and refuses nobody.")
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler fence audit catalog on\n  $ strangler fence status catalog',
    );
  const fenceText = (result: {
    context: string;
    monolith: { mode: string; refused: string };
    service: { mode: string; refused: string };
    strayWriters: readonly {
      writes: string;
      operation: string;
      table: string;
      application: string;
      user: string;
      query: string;
    }[];
  }): string =>
    [
      `${result.context}: fence on the monolith ${result.monolith.mode} (${result.monolith.refused} writes refused so far), on the service ${result.service.mode}`,
      ...(result.strayWriters.length > 0
        ? [
            table([
              ['writes', 'operation', 'table', 'application', 'user', 'query'],
              ...result.strayWriters.map((writer) => [
                writer.writes,
                writer.operation,
                writer.table,
                writer.application,
                writer.user,
                writer.query.slice(0, 100),
              ]),
            ]),
          ]
        : []),
    ].join('\n');
  fence.addCommand(
    makeCommand({
      usage: 'audit <context> <on-or-off>',
      summary: "log writers of the monolith's tables, or stop it",
      changes: true,
      examples: ['fence audit catalog on', 'fence audit catalog off'],
    }).action(async (context: string, state: string, common: CommonOptions) => {
      if (state !== 'on' && state !== 'off')
        throw new StranglerError('USAGE', `"${state}" must be on or off`);
      const { fenceAudit } = await import('../../steps/fence.ts');
      await runStep(session, common, fenceAudit, { context, action: state }, { text: fenceText });
    }),
  );
  fence.addCommand(
    makeCommand({
      usage: 'status <context>',
      summary: 'fences that stand, and who was seen',
      examples: ['fence status catalog', 'fence status catalog --json'],
    }).action(async (context: string, common: CommonOptions) => {
      const { fenceAudit } = await import('../../steps/fence.ts');
      await runStep(
        session,
        common,
        fenceAudit,
        { context, action: 'status' },
        { text: fenceText },
      );
    }),
  );
  return [doctor, status, verify, resync, journal, deadLetters, contracts, fence];
}
