import { median, spread } from '../statistics.ts';
import type { Measured } from './measure.ts';

/** What each cell measured, by its name. */
export type Round = ReadonlyMap<string, Measured>;

export interface CellFigures extends Measured {
  readonly what: string;
  /** Medians of the ratios within each round. */
  readonly vsBare: number;
  readonly cpuVsBare: number;
  readonly p99VsBare: number;
}

export interface FacadeFigures {
  readonly rounds: number;
  /** Of the facade with everything on: processor time per request, beside bare express + http-proxy-middleware. */
  readonly cpuVsBare: number;
  /** Requests per second. */
  readonly vsBare: number;
  readonly vsFastify: number;
  /** null: nginx is not installed. */
  readonly cpuVsNginx: number | null;
  readonly p99VsBare: number;
  /** p99 with all reads shadowed, beside none. */
  readonly p99Shadow100: number;
  readonly spread: Readonly<Record<'cpuVsBare' | 'vsBare', readonly [number, number]>>;
  readonly cells: Readonly<Record<string, CellFigures>>;
}

/** Ratios within each round of one cell to another; empty when either was not there. */
const ratios = (
  rounds: readonly Round[],
  figure: keyof Measured,
  [cell, to]: readonly [string, string],
): number[] =>
  rounds.flatMap((round) => {
    const [one, other] = [round.get(cell), round.get(to)];
    return one && other ? [one[figure] / other[figure]] : [];
  });

export function figuresOf(
  rounds: readonly Round[],
  names: readonly { readonly name: string; readonly what: string }[],
): FacadeFigures {
  const ratio = (figure: keyof Measured, cell: string, to: string): number =>
    median(ratios(rounds, figure, [cell, to]));
  const cells = names.map(({ name, what }): [string, CellFigures] => {
    const of = (figure: keyof Measured): number =>
      median(rounds.flatMap((round) => round.get(name)?.[figure] ?? []));
    return [
      name,
      {
        what,
        requestsPerSecond: Math.round(of('requestsPerSecond')),
        cpuMicros: Math.round(of('cpuMicros')),
        p50: of('p50'),
        p99: of('p99'),
        memoryMb: Math.round(of('memoryMb')),
        vsBare: ratio('requestsPerSecond', name, 'bare'),
        cpuVsBare: ratio('cpuMicros', name, 'bare'),
        p99VsBare: ratio('p99', name, 'bare'),
      },
    ];
  });
  const nginx = names.some(({ name }) => name === 'nginx');
  return {
    rounds: rounds.length,
    cpuVsBare: ratio('cpuMicros', 'on', 'bare'),
    vsBare: ratio('requestsPerSecond', 'on', 'bare'),
    vsFastify: ratio('requestsPerSecond', 'on', 'fastify'),
    cpuVsNginx: nginx ? ratio('cpuMicros', 'on', 'nginx') : null,
    p99VsBare: ratio('p99', 'on', 'bare'),
    p99Shadow100: ratio('p99', 'shadow100', 'on'),
    spread: {
      cpuVsBare: spread(ratios(rounds, 'cpuMicros', ['on', 'bare'])),
      vsBare: spread(ratios(rounds, 'requestsPerSecond', ['on', 'bare'])),
    },
    cells: Object.fromEntries(cells),
  };
}
