import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { dockerignore, type Dockerfile, type Instruction } from './dockerfile.ts';

const run = promisify(execFile);

/** What an image is at run time: its files under `root`, and how its process starts. */
export interface Image {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

interface Layers {
  workdir: string;
  env: Record<string, string>;
  user: string;
  entrypoint: string[];
  command: string[];
}

/** The build context: what git knows or would know, without what .dockerignore keeps out. */
async function contextFiles(repository: string): Promise<string[]> {
  const { stdout } = await run(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: repository, maxBuffer: 1e8 },
  );
  const sent = dockerignore(await readFile(join(repository, '.dockerignore'), 'utf8'));
  return [...new Set(stdout.split('\0'))].filter((file) => file !== '' && sent(file));
}

/**
 * Carries a Dockerfile out with folders instead of containers: the same COPY, RUN and package installs. Only two steps are not
 * carried out as written: the install of all packages for building takes the repository's own, and owners of folders are left.
 * Stages share files as hard links, since no step changes a file that an earlier one made.
 */
export class Replay {
  readonly #repository: string;
  readonly #folder: string;
  readonly #file: Dockerfile;
  readonly #built = new Map<string, Promise<Layers>>();
  #context: Promise<string[]> | undefined;

  constructor(options: { repository: string; folder: string; file: Dockerfile }) {
    this.#repository = options.repository;
    this.#folder = options.folder;
    this.#file = options.file;
  }

  async image(target: string): Promise<Image> {
    const { env, user, entrypoint, command } = await this.#stage(target);
    return { root: join(this.#folder, target), env, user, entrypoint, command };
  }

  #stage(name: string): Promise<Layers> {
    const known = this.#built.get(name) ?? this.#build(name);
    this.#built.set(name, known);
    return known;
  }

  async #build(name: string): Promise<Layers> {
    const stage = this.#file.stages.find((candidate) => candidate.name === name);
    if (!stage) throw new Error(`no stage ${name}`);
    const root = join(this.#folder, name);
    await mkdir(root, { recursive: true });
    let layers: Layers = { workdir: '/', env: {}, user: 'root', entrypoint: [], command: ['node'] };
    if (this.#file.stages.some((candidate) => candidate.name === stage.from)) {
      layers = structuredClone(await this.#stage(stage.from));
      await run('cp', ['-al', `${join(this.#folder, stage.from)}/.`, root]);
    }
    for (const instruction of stage.instructions) await this.#apply(root, layers, instruction);
    return layers;
  }

  async #apply(root: string, layers: Layers, { name, text }: Instruction): Promise<void> {
    const words = (): string[] => JSON.parse(text) as string[];
    if (name === 'WORKDIR') {
      layers.workdir = text;
      await mkdir(join(root, text), { recursive: true });
    } else if (name === 'ENV')
      for (const pair of text.split(' '))
        layers.env[pair.split('=')[0] ?? ''] = pair
          .slice(pair.indexOf('=') + 1)
          // Nobody gives an argument here.
          .replaceAll(/\$\w+/g, '');
    else if (name === 'USER') layers.user = text;
    else if (name === 'ENTRYPOINT') layers.entrypoint = words();
    else if (name === 'CMD') layers.command = words();
    else if (name === 'COPY') await this.#copy(join(root, layers.workdir), text);
    else if (name === 'RUN') await this.#run(root, layers, text);
  }

  async #copy(workdir: string, text: string): Promise<void> {
    const [, , from, rest = ''] = /^(--from=(\S+) )?(.*)$/.exec(text) ?? [];
    const sources = rest.split(' ');
    const target = sources.pop() ?? '';
    for (const source of sources) {
      if (from) {
        await this.#stage(from);
        await mkdir(join(workdir, target), { recursive: true });
        await run('cp', ['-al', `${join(this.#folder, from, source)}/.`, join(workdir, target)]);
        continue;
      }
      const files = (await (this.#context ??= contextFiles(this.#repository))).filter(
        (file) => file === source || file.startsWith(`${source}/`),
      );
      if (files.length === 0)
        throw new Error(`COPY ${source}: nothing of it is in the build context`);
      for (const file of files) {
        const within = relative(source, file);
        const place = join(
          workdir,
          target,
          within === ''
            ? /(^\.?|\/)$/.test(target)
              ? file.slice(file.lastIndexOf('/') + 1)
              : ''
            : within,
        );
        await mkdir(dirname(place), { recursive: true });
        await cp(join(this.#repository, file), place);
      }
    }
  }

  async #run(root: string, layers: Layers, text: string): Promise<void> {
    const command = text.replace(/^(--mount=\S+ )+/, '');
    const cwd = join(root, layers.workdir);
    const folder = /^install -d -o node -g node (\/\S+)$/.exec(command)?.[1];
    if (folder) await mkdir(join(root, folder), { recursive: true });
    else if (command === 'npm ci --ignore-scripts') await this.#linkPackages(cwd);
    else
      await run('sh', ['-c', command], {
        cwd,
        maxBuffer: 1e8,
        env: { ...process.env, NODE_OPTIONS: '', npm_config_prefer_offline: 'true' },
      });
  }

  async #linkPackages(cwd: string): Promise<void> {
    const packages = join(this.#repository, 'node_modules');
    for (const name of await readdir(packages)) {
      await mkdir(join(cwd, 'node_modules'), { recursive: true });
      if (!name.startsWith('@strangler')) {
        await symlink(join(packages, name), join(cwd, 'node_modules', name));
        continue;
      }
      await mkdir(join(cwd, 'node_modules', name), { recursive: true });
      // npm's links are relative to the folder that they are in.
      for (const own of await readdir(join(packages, name)))
        await cp(join(packages, name, own), join(cwd, 'node_modules', name, own), {
          verbatimSymlinks: true,
        });
    }
    await rm(join(cwd, 'node_modules', '.package-lock.json'), { force: true });
  }
}
