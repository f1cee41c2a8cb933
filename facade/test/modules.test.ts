import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const entry = new URL('../src/main.ts', import.meta.url);
const workspaces = fileURLToPath(new URL('../..', import.meta.url));

/** Paths of all modules that a process has loaded once it has imported `url`, with the conditions that the bin uses. */
async function loadedBy(url: URL): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    import { realpathSync } from 'node:fs';
    import { fileURLToPath } from 'node:url';
    const loaded = new Set();
    registerHooks({ load(url, context, next) { loaded.add(url); return next(url, context); } });
    await import(${JSON.stringify(url.href)});
    const files = [...loaded].filter((one) => one.startsWith('file:'));
    console.log(JSON.stringify(files.map((one) => realpathSync(fileURLToPath(one)))));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=strangler-source',
    '--input-type=module',
    '--eval',
    script,
  ]);
  return JSON.parse(stdout) as string[];
}

test('the facade loads its own modules and the plan, nothing of the migration, no Kafka, no ORM, no CLI library', async () => {
  const loaded = await loadedBy(entry);
  const rooms = new Map<string, number>();
  for (const path of loaded) {
    if (path.includes('/node_modules/') || !path.startsWith(workspaces)) continue;
    const room = path.slice(workspaces.length).split('/')[0] ?? '';
    rooms.set(room, (rooms.get(room) ?? 0) + 1);
  }
  process.stdout.write(
    `modules of ours in a facade: ${JSON.stringify(Object.fromEntries(rooms))}\n`,
  );
  expect([...rooms.keys()].toSorted()).toEqual(['facade', 'plan']);
  const foreign = loaded.filter((path) =>
    /\/node_modules\/(kafkajs|kysely|commander|listr2|pg-copy-streams|find-my-way)\//.test(path),
  );
  expect(foreign).toEqual([]);
  // a hook that saw nothing would find nothing to complain about
  expect(loaded.some((path) => path.includes('/node_modules/pino/'))).toBe(true);
});
