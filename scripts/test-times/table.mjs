/**
 * @typedef {{ suite: string, seconds: number, cpu: number, started: number }} Cost
 * seconds: from the suite's first line to its last; cpu: seconds of all its processes together; started: servers and programs.
 */

/** @param {readonly ({ suite: string, seconds: number, cpu: number } | { suite: string, started: string })[]} lines */
export function summarise(lines) {
  /** @type {Map<string, Cost>} */
  const costs = new Map();
  for (const line of lines) {
    const cost = costs.get(line.suite) ?? { suite: line.suite, seconds: 0, cpu: 0, started: 0 };
    costs.set(line.suite, cost);
    if ('started' in line) cost.started += 1;
    else Object.assign(cost, { seconds: line.seconds, cpu: line.cpu });
  }
  return [...costs.values()].toSorted((one, other) => other.cpu - one.cpu);
}

/** A suite waits while it lasts longer than its processes worked; with several at work at once it can be less than it really was. */
const waited = ({ seconds, cpu }) => Math.max(0, seconds - cpu);

/** @param {readonly Cost[]} costs */
export function table(costs, { shown, seconds }) {
  const row = (name, ...numbers) =>
    `| ${name} | ${numbers.map((number) => Math.round(number)).join(' | ')} |`;
  const sum = (of, number) => of.reduce((total, cost) => total + number(cost), 0);
  const totals = (name, of) =>
    row(
      name,
      sum(of, ({ started }) => started),
      sum(of, ({ seconds: lasted }) => lasted),
      sum(of, waited),
      sum(of, ({ cpu }) => cpu),
    );
  const rest = costs.slice(shown);
  return [
    '| suite | servers and programs started | seconds | of them waited | seconds of CPU |',
    '|---|---|---|---|---|',
    ...costs
      .slice(0, shown)
      .map((cost) => row(cost.suite, cost.started, cost.seconds, waited(cost), cost.cpu)),
    ...(rest.length > 0 ? [totals(`${rest.length} others`, rest)] : []),
    totals(`all ${costs.length}`, costs),
    ...(seconds === undefined ? [] : ['', `The whole run took ${Math.round(seconds)} seconds.`]),
    '',
  ].join('\n');
}
