import { parseArgs } from 'node:util';
import type { BenchCommand } from '../command.ts';
import { benchFacade } from './bench-facade.ts';
import type { FacadeFigures } from './figures.ts';

const usage = `npm run bench -- facade [--rounds N] [--seconds N] [--only CELLS] [--json]

What the facade costs: processor time per request and requests per second, beside bare express + http-proxy-middleware,
@fastify/http-proxy, and nginx and Caddy where they are installed, in turn in one run. Linux only.

  --rounds N     rounds of all cells in turn (default 5)
  --seconds N    length of each measurement (default 4)
  --only CELLS   of fastify, nginx, caddy, wire, middleware, on, owned, traced10, traced, shadow10, shadow100, canary; comma-separated
  --json         print one JSON object at the end

Examples:
  $ npm run bench -- facade
  $ npm run bench -- facade --only on --rounds 3
  $ npm run bench -- facade --rounds 9 --json`;

const table = ({ cells }: FacadeFigures): string[] =>
  Object.entries(cells).map(
    ([name, cell]) =>
      `  ${name.padEnd(10)} cpu ${String(cell.cpuMicros).padStart(4)} µs ${cell.cpuVsBare.toFixed(2)}×  ` +
      `${String(cell.requestsPerSecond).padStart(6)}/s ${cell.vsBare.toFixed(2)}×  ` +
      `p50 ${cell.p50} p99 ${cell.p99} ms  ${cell.memoryMb} MB  ${cell.what}`,
  );

export const facadeCommand: BenchCommand = {
  usage,
  async run(args, { tell, print, signal }) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '4' },
        only: { type: 'string', default: '' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
    if (values.help || !Number.isInteger(rounds) || rounds < 1 || !(seconds > 0)) {
      tell(usage);
      return values.help ? 0 : 2;
    }
    const only = values.only.split(',').filter(Boolean);
    const figures = await benchFacade({ rounds, seconds, only, tell, signal });
    if (values.json) {
      print(JSON.stringify(figures));
      return 0;
    }
    print(`× bare express + http-proxy-middleware, median of ${figures.rounds} rounds`);
    for (const line of table(figures)) print(line);
    return 0;
  },
};
