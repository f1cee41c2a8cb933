import type { Command } from 'commander';
import { type CommonOptions, count, makeCommand, runStep, type Session } from '../command.ts';
import { verifyText } from '../text/verify.ts';

export function verifyCommand(session: Session): Command {
  return makeCommand({
    usage: 'verify <context>',
    summary: 'compare every row of both sides while writes go on',
    changes: true,
    description:
      'Chunked checksums, with drill-down to keys and columns; rows that are still on their way ' +
      'are looked at again. Records the evidence that gates read. Exit 3 when rows differ.',
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
        const { isClean, verify: step } = await import('../../steps/verify.ts');
        // Several in one word; a quoted name may hold blanks of its own.
        const keys = common.keys?.flatMap((key) => key.match(/(?:"(?:[^"]|"")*"|[^\s"])+/g) ?? []);
        await runStep(session, common, {
          step,
          options: {
            context,
            ...(common.chunkRows !== undefined && { chunkRows: common.chunkRows }),
            ...(common.parallel !== undefined && { parallel: common.parallel }),
            ...(keys && { keys }),
            ...(common.repair && { repair: true }),
          }, // Rows of which nothing could be said are not clean.
          exitCode: (result) => (isClean(result) ? 0 : 3),
          text: verifyText,
        });
      },
    );
}
