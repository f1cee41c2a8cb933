import { type Environment, StranglerError } from '@strangler-toolkit/plan';
import { jsonText } from '../json-text.ts';

/** As pino numbers them, which the facade writes. */
const levels = { debug: 20, info: 30, warn: 40, error: 50, silent: Infinity } as const;
export type LogLevel = Exclude<keyof typeof levels, 'silent'>;

export interface LogSettings {
  /** `text`: lines for people. */
  readonly format: 'text' | 'json';
  readonly level: keyof typeof levels;
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  throw new StranglerError('CONFIG_INVALID', `${name} is ${value}: one of ${allowed.join(', ')}`);
}

/** @throws StranglerError CONFIG_INVALID */
export const logSettings = (env: Environment): LogSettings => ({
  format: oneOf('STRANGLER_LOG', env.STRANGLER_LOG || 'text', ['text', 'json']),
  level: oneOf(
    'STRANGLER_LOG_LEVEL',
    env.STRANGLER_LOG_LEVEL || 'info',
    Object.keys(levels) as (keyof typeof levels)[],
  ),
});

export interface LogEntry {
  readonly level: LogLevel;
  readonly msg: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** One JSON line, or null for what is under the level. */
export function logLine(
  { level, msg, fields }: LogEntry,
  threshold: LogSettings['level'],
  now: number,
): string | null {
  if (levels[level] < levels[threshold]) return null;
  return jsonText({ level: levels[level], time: now, name: 'strangler', ...fields, msg });
}
