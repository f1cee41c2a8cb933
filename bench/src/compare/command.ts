import { parseArgs } from 'node:util';
import { compareAnswers } from '../../../facade/src/shadow/compare.ts';
import type { Observed } from '../../../facade/src/shadow/difference.ts';
import type { BenchCommand } from '../command.ts';
import { median } from '../statistics.ts';

const usage = `npm run bench -- compare [--rounds N]

  Processor time for comparing two answers of a kilobyte of JSON that differ in one field, beside JSON.parse of both, plain and
  with a reviver that keeps each number's text. With and without a run of digits that a double cannot hold. No server is started.`;

const roundsByDefault = 9;
const repeats = 2_000;

function answer(last: string, longNumber: boolean): Observed {
  const items = Array.from({ length: 10 }, (_, id) => ({
    id,
    name: `Item ${id}`,
    price: 12.5,
    tags: ['a', 'b'],
    at: '2024-01-01T00:00:00Z',
  }));
  const text = JSON.stringify({ items, last });
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(longNumber ? text.replace('12.5', '12345678901234567.89') : text),
  };
}

/** As Node has it, and its types do not yet. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parse = JSON.parse as (text: string, reviver?: Reviver) => unknown;
const keepText: Reviver = (_key, value, { source }) => (typeof value === 'number' ? source : value);

/** Microseconds of processor time for one call. */
function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  for (let count = 0; count < repeats; count += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / repeats;
}

export const compareCommand: BenchCommand = {
  usage,
  async run(args, { signal, print }) {
    const { values } = parseArgs({
      args: [...args],
      options: { rounds: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help) return (print(usage), 0);
    const rounds = Number(values.rounds ?? roundsByDefault);
    if (!Number.isInteger(rounds) || rounds < 1) return (print(usage), 2);
    for (const longNumber of [false, true]) {
      const [one, other] = [answer('x', longNumber), answer('y', longNumber)];
      const both = (reviver?: Reviver) => (): unknown =>
        [one, other].map(({ body }) => parse(body.toString(), reviver));
      const works = {
        'compared, µs': () => compareAnswers(one, other),
        'JSON.parse, µs': both(),
        'with a reviver, µs': both(keepText),
      };
      const times = new Map(Object.keys(works).map((name) => [name, [] as number[]]));
      // the first round warms up
      for (let round = 0; round <= rounds && !signal.aborted; round += 1)
        for (const [name, work] of Object.entries(works)) {
          const time = cost(work);
          if (round > 0) times.get(name)?.push(time);
        }
      print(
        JSON.stringify({
          bytes: one.body.length,
          longNumber,
          ...Object.fromEntries([...times].map(([name, all]) => [name, median(all)])),
        }),
      );
    }
    return 0;
  },
};
