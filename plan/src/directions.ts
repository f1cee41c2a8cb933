import type { Side } from './migration.ts';

/** forward: monolith → service; reverse: service → monolith. */
export type Direction = 'forward' | 'reverse';

export const bothSides: readonly Side[] = ['monolith', 'service'];
export const directions: readonly Direction[] = ['forward', 'reverse'];

export const otherSide = (side: Side): Side => (side === 'monolith' ? 'service' : 'monolith');

/** Changes stream away from the owner. */
export const directionFrom = (owner: Side): Direction =>
  owner === 'monolith' ? 'forward' : 'reverse';

export const oppositeOf = (direction: Direction): Direction =>
  direction === 'forward' ? 'reverse' : 'forward';

export const sourceOf = (direction: Direction): Side =>
  direction === 'forward' ? 'monolith' : 'service';

export const targetOf = (direction: Direction): Side => otherSide(sourceOf(direction));

/** One of a thing for each side. */
export type BySide<T> = Readonly<Record<Side, T>>;

/** Of a thing for each side: the one that changes come from, and the one they go to. */
export const endsOf = <T>(
  direction: Direction,
  { monolith, service }: BySide<T>,
): { readonly source: T; readonly target: T } =>
  direction === 'forward'
    ? { source: monolith, target: service }
    : { source: service, target: monolith };

/** `endsOf` backwards: whose each end is. */
export const sidesOf = <T>(direction: Direction, source: T, target: T): BySide<T> =>
  direction === 'forward'
    ? { monolith: source, service: target }
    : { monolith: target, service: source };
