import { median, spread } from '../statistics.ts';

export interface Figure {
  readonly median: number;
  readonly spread: readonly [number, number];
}
/** Two measured in turn, round by round: the ratio is taken within a round, where the machine was the same. */
export interface Pair {
  readonly ours: Figure;
  readonly other: Figure;
  readonly ratio: Figure;
  readonly rounds: readonly { readonly ours: number; readonly other: number }[];
}

const figure = (values: readonly number[]): Figure => ({
  median: median(values),
  spread: spread(values),
});

export function pairOf(rounds: readonly { readonly ours: number; readonly other: number }[]): Pair {
  const whole = (values: readonly number[]): Figure => figure(values.map(Math.round));
  return {
    ours: whole(rounds.map(({ ours }) => ours)),
    other: whole(rounds.map(({ other }) => other)),
    ratio: figure(rounds.map(({ ours, other }) => ours / other)),
    rounds: rounds.map(({ ours, other }) => ({ ours: Math.round(ours), other: Math.round(other) })),
  };
}
