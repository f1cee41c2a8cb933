import { expect, test } from '@jest/globals';
import { figuresOf, type Round } from './figures.ts';
import type { Measured } from './measure.ts';

const cell = (cpuMicros: number, requestsPerSecond: number, p99: number): Measured => ({
  cpuMicros,
  requestsPerSecond,
  p99,
  p50: 1,
  memoryMb: 100,
});
/** A machine that is twice as slow in one round is so for all of them. */
const round = (slowness: number): Round =>
  new Map([
    ['bare', cell(100 * slowness, 1_000 / slowness, 10 * slowness)],
    ['fastify', cell(80 * slowness, 1_250 / slowness, 10 * slowness)],
    ['nginx', cell(20 * slowness, 4_000 / slowness, 2 * slowness)],
    ['on', cell(50 * slowness, 2_000 / slowness, 9 * slowness)],
    ['shadow100', cell(150 * slowness, 700 / slowness, 18 * slowness)],
  ]);
const names = (...cells: string[]) => cells.map((name) => ({ name, what: name }));

test('ratios are those within each round, whatever else the machine had to do', () => {
  const rounds = [round(1), round(2), round(5)];
  const all = names('bare', 'fastify', 'nginx', 'on', 'shadow100');
  expect(figuresOf(rounds, all)).toMatchObject({
    rounds: 3,
    cpuVsBare: 0.5,
    vsBare: 2,
    vsFastify: 1.6,
    cpuVsNginx: 2.5,
    p99VsBare: 0.9,
    p99Shadow100: 2,
    cells: { on: { cpuMicros: 100, cpuVsBare: 0.5 }, bare: { cpuVsBare: 1 } },
  });
});

test('where nginx is not installed, the figure is there and says nothing', () => {
  const { cpuVsNginx } = figuresOf([round(1)], names('bare', 'fastify', 'on', 'shadow100'));
  expect(cpuVsNginx).toBeNull();
});
