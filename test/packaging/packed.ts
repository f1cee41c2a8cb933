import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Hopeless, until } from '@strangler-toolkit/dev-stack';

const repository = fileURLToPath(new URL('../..', import.meta.url));
// in this order each is built once: a build makes what it needs first
const packages = ['plan', 'contracts', 'facade', 'migration', 'extracted/service-kit'];
const run = promisify(execFile);

export const npm = (args: readonly string[], cwd: string) =>
  run('npm', args, {
    cwd,
    maxBuffer: 1e8,
    env: { ...process.env, npm_config_fund: 'false', npm_config_audit: 'false', NODE_OPTIONS: '' },
  });

/** Packing builds into the package's folder, so it is done in a copy. */
async function privateCopy(target: string): Promise<void> {
  await mkdir(join(target, 'node_modules', '@strangler-toolkit'), { recursive: true });
  for (const name of await readdir(join(repository, 'node_modules'))) {
    if (!name.startsWith('@strangler'))
      await symlink(join(repository, 'node_modules', name), join(target, 'node_modules', name));
  }
  for (const file of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts'])
    await cp(join(repository, file), join(target, file), { recursive: true });
  for (const name of packages) {
    await cp(join(repository, name), join(target, name), {
      recursive: true,
      filter: (path) => !/^(node_modules|dist)(\/|$)/.test(relative(join(repository, name), path)),
    });
    const own = join(repository, name, 'node_modules');
    await symlink(own, join(target, name, 'node_modules')).catch(() => {});
    const manifest = JSON.parse(await readFile(join(target, name, 'package.json'), 'utf8')) as {
      name: string;
    };
    await symlink(join(target, name), join(target, 'node_modules', manifest.name));
  }
}

async function packInto(folder: string): Promise<void> {
  const [copy, packing] = [join(folder, 'copy'), join(folder, 'packing')];
  await privateCopy(copy);
  await mkdir(packing);
  for (const name of packages) await npm(['pack', '--pack-destination', packing], join(copy, name));
  await rm(copy, { recursive: true, force: true });
  await rename(packing, join(folder, 'packed'));
}

/** The published packages by name, as `npm publish` would send them: packed once in a run, by the first suite that asks. */
export async function packedPackages(): Promise<ReadonlyMap<string, string>> {
  const folder = process.env.TEST_PACKED;
  if (folder === undefined)
    throw new Error('TEST_PACKED is not set: run the tests through npm test');
  const failed = join(folder, 'failed');
  // this one stays, so that whoever asks after the packing is not the first again
  const first = await mkdir(join(folder, 'claimed')).then(
    () => true,
    () => false,
  );
  if (first)
    await packInto(folder).catch(async (error: unknown) => {
      await writeFile(failed, String(error));
      throw error;
    });
  const packed = join(folder, 'packed');
  const files = await until(
    'the packages to be packed',
    async () => {
      const why = await readFile(failed, 'utf8').catch(() => undefined);
      if (why !== undefined) throw new Hopeless(why);
      return readdir(packed).catch(() => undefined);
    },
    { withinMs: 300_000 },
  );
  return new Map(
    files.map((file) => [
      file.replace(/^strangler-toolkit-(.+)-\d+\.\d+\.\d+.*\.tgz$/, '@strangler-toolkit/$1'),
      join(packed, file),
    ]),
  );
}
