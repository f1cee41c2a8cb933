import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type MigrationDefinition,
  resolveSetting,
  StranglerError,
  streamsAt,
} from '@strangler-toolkit/plan';
import { type Part, startPart } from '../dev/part.ts';
import { partLine } from '../dev/part-line.ts';
import { type DevOptions, partsOf } from '../dev/parts-of.ts';
import { watchHealth } from '../dev/watch-health.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface DevStepOptions extends DevOptions {
  /** Whose workers run; none: of all contexts. */
  readonly contexts: readonly string[];
}

export interface DevResult {
  readonly facades: number;
  readonly workers: readonly string[];
  /** Contexts whose owner keeps its log for a worker that is not there any more. */
  readonly replicated: readonly string[];
}

async function chosen(kit: Toolkit, names: readonly string[]): Promise<MigrationDefinition[]> {
  if (names.length > 0) return Promise.all(names.map((name) => kit.definition(name)));
  return [...(await kit.contexts()).values()].map(({ definition }) => definition);
}

/** @throws StranglerError FACADE_NOT_INSTALLED */
function facadeProgram(): string {
  const name = '@strangler-toolkit/facade';
  try {
    const manifest = import.meta.resolve(`${name}/package.json`);
    return join(dirname(fileURLToPath(manifest)), 'bin', 'facade.js');
  } catch (cause) {
    throw new StranglerError('FACADE_NOT_INSTALLED', `${name} is not found beside strangler`, {
      cause,
    });
  }
}

const placeOf = (
  kit: Toolkit,
  definitions: readonly MigrationDefinition[],
  stateDir: string,
): Parameters<typeof partsOf>[1] => {
  const [first] = definitions;
  return {
    env: kit.env,
    contextsDir: resolve(kit.contextsDir),
    controlUrl: kit.controlUrl,
    monolithUrl: resolveSetting(
      kit.env.MONOLITH_URL || (first?.monolith.url ?? { env: 'MONOLITH_URL' }),
      kit.env,
      'where everything goes that no context claims',
    ),
    stateDir,
    facadeFile: facadeProgram(),
    stranglerFile: fileURLToPath(new URL('../../bin/strangler.js', import.meta.url)),
  };
};

async function stillReplicated(
  kit: Toolkit,
  definitions: readonly MigrationDefinition[],
): Promise<string[]> {
  const rows = await Promise.all(definitions.map((definition) => kit.row(definition)));
  return rows
    .filter(({ dataKind, stage }) => dataKind === 'replicated' && streamsAt(stage))
    .map(({ context }) => context);
}

/** A system on one machine: facades and workers as processes of this one, until the signal or until one of them ends. */
export const dev: Step<DevStepOptions, DevResult> = {
  async execute(kit, options) {
    const definitions = await chosen(kit, options.contexts);
    const stateDir = await mkdtemp(join(tmpdir(), 'strangler-dev-'));
    const parts: Part[] = [];
    const over = new AbortController();
    const signal = AbortSignal.any([kit.signal, over.signal]);
    let watching: Promise<void> | undefined;
    try {
      const plans = partsOf(definitions, placeOf(kit, definitions, stateDir), options);
      // its schema is there before several look for it at once
      await kit.control();
      const width = Math.max(...plans.map(({ name }) => name.length));
      const [operators, clients] = [new Map<string, string>(), new Map<string, number>()];
      const tell = (name: string, text: string, level: 'info' | 'warn' | 'error' = 'info'): void =>
        kit.tell(name, `${name.padEnd(width)} | ${text}`, 'note', {
          fields: { part: name },
          ...(level !== 'info' && { level }),
        });
      for (const plan of plans) {
        if (signal.aborted) break;
        parts.push(
          startPart(plan, (line) => {
            const said = partLine(line);
            if (said.operators !== undefined) operators.set(plan.name, said.operators);
            if (said.clients !== undefined) clients.set(plan.name, said.clients);
            tell(plan.name, said.text, said.level);
          }),
        );
      }
      watching = watchHealth(
        plans.map(({ name }) => name),
        operators,
        {
          signal,
          onChange: (name, { ok, text }) => tell(name, `health: ${text}`, ok ? 'info' : 'warn'),
          onAllWell: () => {
            const places = [...clients.values()].map((port) => `http://127.0.0.1:${port}`);
            kit.tell('dev', `all are well: ${places.join(' ')}; Ctrl-C ends them`, 'done');
          },
        },
      );
      const asked = new Promise<void>((done) => {
        signal.addEventListener('abort', () => done(), { once: true });
        if (signal.aborted) done();
      });
      const ended = await Promise.race([
        asked,
        ...parts.map(async ({ name, ended: how }) => ({ name, how: await how })),
      ]);
      if (ended !== undefined && !kit.signal.aborted)
        throw new StranglerError(
          'PART_ENDED',
          `${ended.name} ended by itself (${ended.how}), so the others were ended too`,
        );
    } finally {
      over.abort();
      await Promise.all([watching, ...parts.map((part) => part.stop())]);
      await rm(stateDir, { recursive: true, force: true });
    }
    return {
      facades: options.facades,
      workers: parts.flatMap(({ name }) => /^worker (.+)$/.exec(name)?.[1] ?? []),
      replicated: await stillReplicated(kit, definitions),
    };
  },
  async dryRun(kit, options) {
    const definitions = await chosen(kit, options.contexts);
    const parts = partsOf(definitions, placeOf(kit, definitions, tmpdir()), options);
    return planned(
      parts.map(({ name, env }) =>
        name.startsWith('worker')
          ? `start ${name}, which begins replication where it has not begun`
          : `start ${name} on http://127.0.0.1:${env.FACADE_PORT} (operators: ${env.FACADE_ADMIN_PORT})`,
      ),
    );
  },
};
