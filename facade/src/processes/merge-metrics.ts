export interface Told {
  readonly process: string;
  readonly text: string;
}

const labelled = (sample: string, process: string): string => {
  const name = /^[\w:]+/.exec(sample)?.[0] ?? '';
  const rest = sample.slice(name.length);
  const label = `process="${process}"`;
  return rest.startsWith('{') ? `${name}{${label},${rest.slice(1)}` : `${name}{${label}}${rest}`;
};

/**
 * What several processes tell, as one: a sample has the process as a label, and what is said of a metric stands once. Adding
 * them up is for whoever asks: of ages and states there is no sum.
 */
export function mergeMetrics(all: readonly Told[]): string {
  const metrics = new Map<string, { readonly said: Set<string>; readonly samples: string[] }>();
  for (const { process, text } of all) {
    let current = { said: new Set<string>(), samples: [] as string[] };
    for (const line of text.split('\n')) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        current = metrics.get(name) ?? { said: new Set(), samples: [] };
        metrics.set(name, current);
        current.said.add(line);
      } else if (line !== '') current.samples.push(labelled(line, process));
    }
  }
  const lines = [...metrics.values()].flatMap(({ said, samples }) => [...said, ...samples]);
  return `${lines.join('\n')}\n`;
}
