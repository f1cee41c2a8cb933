import { parseArgs } from 'node:util';
import type { BenchCommand } from './command.ts';
import { benchFacade } from './facade.ts';

const usage = `npm run bench -- facade [--rounds N] [--seconds N] [--json]

Requests per second through the facade, beside bare express + http-proxy-middleware, in one run.

  --rounds N    rounds of the three in turn (default 5)
  --seconds N   length of each measurement (default 4)
  --json        print one JSON object at the end

Examples:
  $ npm run bench -- facade
  $ npm run bench -- facade --rounds 9 --json`;

export const facadeCommand: BenchCommand = {
  usage,
  async run(args, { tell, print, signal }) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '4' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
    if (values.help || !Number.isInteger(rounds) || rounds < 1 || !(seconds > 0)) {
      tell(usage);
      return values.help ? 0 : 2;
    }
    const result = await benchFacade({ rounds, seconds, tell, signal });
    if (values.json) {
      print(JSON.stringify(result));
      return 0;
    }
    print(`facade against bare express + http-proxy-middleware, median of ${result.rounds} rounds`);
    print(
      `  a path that no context claims  ${result.unclaimedVsBare}× (${result.spread.unclaimedVsBare.join(' to ')})`,
    );
    print(
      `  a path of a context            ${result.claimedVsBare}× (${result.spread.claimedVsBare.join(' to ')})`,
    );
    return 0;
  },
};
