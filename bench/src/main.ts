import { parseArgs } from 'node:util';
import { benchFacade } from './facade.ts';

const usage = `npm run bench -- facade [--rounds N] [--seconds N] [--json]

  facade   requests per second through the facade, beside bare express + http-proxy-middleware, in one run
Ratios are medians over the rounds of one run on one machine; absolute numbers of different machines say nothing.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
if (values.help || positionals[0] !== 'facade' || !Number.isInteger(rounds) || rounds < 1 || !(seconds > 0)) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}
const result = await benchFacade({ rounds, seconds, tell: (line) => console.error(line) });
if (values.json) console.log(JSON.stringify(result));
else {
  console.log(`facade against bare express + http-proxy-middleware, median of ${result.rounds} rounds`);
  console.log(`  a path that no context claims  ${result.unclaimedVsBare}× (${result.spread.unclaimedVsBare.join(' to ')})`);
  console.log(`  a path of a context            ${result.claimedVsBare}× (${result.spread.claimedVsBare.join(' to ')})`);
}
