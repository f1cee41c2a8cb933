import { mirrorsAt, steersAt } from '@strangler-toolkit/plan';
import { routeFlags, shadowFlags } from '../../flags/index.ts';
import type { ContextCheck } from './context-check.ts';

/** Flags do nothing before their stage: what is on by then would act on the day of the move. */
export const flags: ContextCheck = {
  needs: ['flag provider'],
  attempt: { check: 'flags', expected: 'fit the stage' },
  async run({ kit, definition, report }) {
    const row = await kit.row(definition);
    const provider = kit.flagWriter();
    const steering = steersAt(row.stage);
    const on = (await provider.readAll(routeFlags(definition), definition.context)).filter(
      (flag) => flag.percent > 0 || flag.identities || (flag.otherStrategies > 0 && flag.enabled),
    );
    report({
      check: 'route flags',
      ok: steering || on.length === 0,
      expected: steering ? 'any' : `off at stage ${row.stage}`,
      actual:
        on.length === 0 ? 'off' : on.map((flag) => `${flag.name} ${flag.percent} %`).join(', '),
      remedy: `strangler route ${definition.context} --all --off`,
    });
    const shadowing = mirrorsAt(row.stage);
    const mirrored = (await provider.readAll(shadowFlags(definition), definition.context)).filter(
      (flag) => flag.percent > 0,
    );
    report({
      check: 'shadow flags',
      ok: shadowing || mirrored.length === 0,
      expected: shadowing ? 'any' : `off at stage ${row.stage}`,
      actual: mirrored.length === 0 ? 'off' : mirrored.map((flag) => flag.name).join(', '),
      remedy: `strangler shadow ${definition.context} --sample 0`,
    });
  },
};
