import { describe, expect, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import type { StageChange } from '../control/contexts.ts';
import { abandon, retire, type TeardownOptions } from './retire.ts';

/** Nobody answers there: whatever reaches for a data database fails at once. */
const nowhere = 'postgresql://nobody@127.0.0.1:1/nothing';

/** A teardown with a control database that is played, and data databases that are away. */
function scene(stage: string) {
  const told: string[] = [];
  const refused = { lease: false };
  const lease = {
    context: 'catalog',
    token: 'the-token',
    signal: new AbortController().signal,
    check: async () => {},
    release: async () => void told.push('release'),
  };
  const options = {
    definition: { context: 'catalog', tables: [] },
    monolithUrl: nowhere,
    serviceUrl: nowhere,
    transport: {},
    actor: 'someone',
    control: {
      leases: {
        acquire: async ({ move }: { move: string }) => {
          if (refused.lease) throw new StranglerError('LEASE_HELD', 'another command is at work');
          told.push(`lease for ${move}`);
          return lease;
        },
      },
      moves: {
        unfinished: async () => [],
        begin: async (_lease: unknown, { step }: { step: string }) => {
          told.push(`begin ${step}`);
          return { number: 1 };
        },
      },
      contexts: {
        // Whether owner and epoch agree is asked of the databases, and not the matter here.
        get: async () => undefined,
        require: async () => ({ context: 'catalog', stage, epoch: 3 }),
        setStage: async (change: StageChange) =>
          void told.push(
            `stage ${change.expectedStage} → ${change.stage} at ${change.expectedEpoch} by ${change.leaseToken}`,
          ),
      },
      journal: {
        append: async ({ step, status }: { step: string; status: string }) =>
          void told.push(`journal ${step} ${status}`),
      },
    },
  } as unknown as TeardownOptions;
  return { told, options, refused, lease };
}

const kinds = [
  {
    name: 'retire',
    run: retire,
    from: 'service',
    to: 'retired',
    works: [
      'close-reverse',
      'drop-reverse-stream',
      'keep-monolith-fenced',
      'drop-service-triggers',
    ],
  },
  {
    name: 'abandon',
    run: abandon,
    from: 'replicating',
    to: 'monolith',
    works: ['drop-forward-stream', 'forget-position', 'drop-service-fence'],
  },
] as const;

describe.each(kinds)('$name', ({ name, run, from, to, works }) => {
  test('planned, it names its work in order and touches nothing', async () => {
    const { told, options } = scene(from);
    const { outcome, steps } = await run({ ...options, dryRun: true });
    expect(outcome).toBe('planned');
    expect(steps.map(({ step, status }) => [step, status])).toEqual(
      works.map((work) => [work, 'planned']),
    );
    expect(told).toEqual([]);
  });

  test('at another stage it is refused before anything changed, and the lease is given back', async () => {
    const { told, options } = scene('canary');
    const result = await run(options);
    expect(result).toMatchObject({
      outcome: 'refused',
      error: {
        code: 'MOVE_NOT_ALLOWED',
        message: `catalog is at stage canary; this needs stage ${from}`,
      },
      steps: [],
    });
    expect(told).toEqual([`lease for ${name}`, `begin ${name}`, 'release']);
  });

  test('while another command is at work it is refused, and asks for nothing more', async () => {
    const { told, options, refused } = scene(from);
    refused.lease = true;
    expect(await run(options)).toMatchObject({ outcome: 'refused', error: { code: 'LEASE_HELD' } });
    expect(told).toEqual([]);
  });

  test('the stage goes first: with databases away it is unfinished and not refused, and nothing is journaled as done', async () => {
    const { told, options } = scene(from);
    const result = await run(options);
    expect(result).toMatchObject({
      outcome: 'unfinished',
      error: { code: 'DB_UNREACHABLE' },
      steps: [],
    });
    expect(told).toEqual([
      `lease for ${name}`,
      `begin ${name}`,
      `stage ${from} → ${to} at 3 by the-token`,
      'release',
    ]);
  });

  test('run again, it does not change the stage a second time and goes on with the work', async () => {
    const { told, options } = scene(to);
    expect((await run(options)).outcome).toBe('unfinished');
    expect(told).toEqual([`lease for ${name}`, `begin ${name}`, 'release']);
  });

  test('a lease of the caller stays the caller’s', async () => {
    const { told, options, lease } = scene(from);
    await run({ ...options, lease });
    expect(told[0]).toBe(`begin ${name}`);
    expect(told).not.toContain('release');
  });
});
