import { expect, test } from '@jest/globals';
import { shadowPace } from './pace.ts';

function scene() {
  const spent = { idle: 0, active: 0, utilization: 0 };
  const gap = shadowPace(() => ({ ...spent }));
  const pass = (active: number, idle: number): number => {
    spent.active += active;
    spent.idle += idle;
    return gap();
  };
  return { pass };
}

test('shadows follow one another at once while the process has time', () => {
  const { pass } = scene();
  expect([pass(0, 0), pass(10, 90), pass(70, 30)]).toEqual([0, 0, 0]);
});

test('while clients wait for the process, each shadow keeps its distance from the one before', () => {
  const { pass } = scene();
  expect(pass(71, 29)).toBe(10);
  // and until a later look finds the process idle again, not a moment of it
  expect(pass(0, 49)).toBe(10);
  expect(pass(0, 1)).toBe(0);
});
