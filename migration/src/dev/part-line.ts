import { z } from 'zod';

const said = z.looseObject({
  msg: z.string(),
  level: z.number().optional(),
  port: z.number().optional(),
  adminPort: z.number().optional(),
  step: z.string().optional(),
  code: z.string().optional(),
  remedy: z.string().optional(),
  message: z.string().optional(),
  problem: z.string().optional(),
});

/** What one line of a part's log says to a person; `null`: it is for machines only. */
export interface PartLine {
  readonly text: string;
  readonly level: 'info' | 'warn' | 'error';
  /** Where it serves clients and operators, from the line that tells so. */
  readonly clients?: number;
  readonly operators?: string;
}

const levelOf = (level: number): PartLine['level'] =>
  level >= 50 ? 'error' : level >= 40 ? 'warn' : 'info';

/** Who said it and when: the mark of the line tells, or nobody asks on a laptop. */
const left = new Set(
  'level time pid hostname name host msg step code remedy message problem adminHost adminPort port traceId requestId service'.split(
    ' ',
  ),
);

/** A worker says it in its text; what a facade says stands beside its one word. */
const detailOf = (entry: z.infer<typeof said>): string[] =>
  entry.step === undefined
    ? Object.entries(entry).flatMap(([name, value]) =>
        left.has(name) || !['string', 'number', 'boolean'].includes(typeof value)
          ? []
          : [`${name}=${String(value)}`],
      )
    : [];

function parsed(line: string): z.infer<typeof said> | undefined {
  try {
    return said.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** A line of a facade or a worker, which log JSON; anything else is shown as it is. */
export function partLine(line: string): PartLine {
  const entry = parsed(line);
  if (entry === undefined) return { text: line, level: 'info' };
  const { msg, level = 30, code, message, remedy, problem, port, adminPort, step } = entry;
  const worker = step === 'port' ? /http:\S+/.exec(msg)?.[0] : undefined;
  const operators = adminPort === undefined ? worker : `http://127.0.0.1:${adminPort}`;
  const why = [code, message ?? problem].filter((part) => part && !msg.includes(part)).join(': ');
  return {
    text: [[msg, ...detailOf(entry)].join(' '), why, remedy].filter(Boolean).join('; '),
    level: levelOf(level),
    ...(port !== undefined && { clients: port }),
    ...(operators !== undefined && { operators }),
  };
}
