import type { Direction, Side, Stage } from '@strangler-toolkit/plan';

export type MoveKind = 'cutover' | 'rollback';

/** One protocol, two directions: everything that differs between cutover and rollback is in here. */
export interface MovePlan {
  readonly kind: MoveKind;
  readonly from: Side;
  readonly to: Side;
  /** The stream that ends: from → to. */
  readonly closing: Direction;
  /** The stream that begins: to → from. */
  readonly opening: Direction;
  readonly stageBefore: Stage;
  readonly stageAfter: Stage;
}

const plans: Record<MoveKind, MovePlan> = {
  cutover: {
    kind: 'cutover',
    from: 'monolith',
    to: 'service',
    closing: 'forward',
    opening: 'reverse',
    stageBefore: 'canary',
    stageAfter: 'service',
  },
  rollback: {
    kind: 'rollback',
    from: 'service',
    to: 'monolith',
    closing: 'reverse',
    opening: 'forward',
    stageBefore: 'service',
    stageAfter: 'canary',
  },
};

export const movePlan = (kind: MoveKind): MovePlan => plans[kind];
