import { parseArgs } from 'node:util';
import type { BenchCommand } from '../command.ts';
import { benchContracts } from './bench-contracts.ts';

const usage = `npm run bench -- contracts [--interactions N] [--providers N] [--rounds N] [--json]

How long one set of pacts takes against several providers, which answer at once: what is measured is the verification.

  --interactions N   in the pact (default 200)
  --providers N      servers that must keep it (default 3)
  --rounds N         (default 3)
  --json             print one JSON object at the end, with interactionsPerSecond

Examples:
  $ npm run bench -- contracts
  $ npm run bench -- contracts --json`;

export const contractsCommand: BenchCommand = {
  usage,
  async run(args, { tell, print, signal }) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        interactions: { type: 'string', default: '200' },
        providers: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '3' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [interactions, providers, rounds] = [
      Number(values.interactions),
      Number(values.providers),
      Number(values.rounds),
    ];
    const whole = [interactions, providers, rounds].every(
      (number) => Number.isInteger(number) && number > 0,
    );
    if (values.help || !whole) {
      tell(usage);
      return values.help ? 0 : 2;
    }
    const figures = await benchContracts({ interactions, providers, rounds, tell, signal });
    print(
      values.json
        ? JSON.stringify(figures)
        : `${interactions} interactions × ${providers} providers: ${figures.secondsAfterStart} s after a start of ` +
            `${figures.secondsToStart} s, ${figures.interactionsPerSecond} interactions/s (median of ${rounds} rounds)`,
    );
    return 0;
  },
};
