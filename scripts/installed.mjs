// Packs the published packages, installs them in an empty project and runs them there on the Node that runs this script: what the
// package's engines admit must load, and the commands of the others must say which Node they need.
// Called by node itself: npm scripts would bring the repository's own Node.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const major = Number(process.versions.node.split('.')[0]);

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { ok: status === 0, said: `${stdout}${stderr}`.trim() };
}

function must(command, args, cwd) {
  const { ok, said } = run(command, args, cwd);
  if (!ok) throw new Error(`${command} ${args.join(' ')}: ${said}`);
  return said;
}

/** What is wrong with an installed package on this Node. */
function wrongWith(project, { name, exports, bin = {}, engines }) {
  const admitted = major >= Number(engines.node.replace('>=', ''));
  const wrong = [];
  for (const [entry, target] of Object.entries(exports)) {
    if (!admitted || target.types === undefined) continue;
    const specifier = entry.replace('.', name);
    const { ok, said } = run(process.execPath, ['-e', `import('${specifier}')`], project);
    if (!ok) wrong.push(`import ${specifier}: ${said}`);
  }
  for (const [command, file] of Object.entries(bin)) {
    const path = join(project, 'node_modules', name, file);
    const { ok, said } = run(process.execPath, [path, '--help'], project);
    if (ok !== admitted || !(admitted || /needs Node\.js \d+ or newer/.test(said)))
      wrong.push(`${command} --help: ${said}`);
  }
  return { admitted, wrong };
}

const project = mkdtempSync(join(tmpdir(), 'strangler-installed-'));
try {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  must(process.execPath, [join(root, 'scripts', 'build.mjs')], root);
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', project];
  const tarballs = published.map((folder) => `./${must('npm', pack, join(root, folder))}`);
  must('npm', ['install', '--no-save', '--no-audit', '--no-fund', ...tarballs], project);
  for (const folder of published) {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const { admitted, wrong } = wrongWith(project, manifest);
    const outcome = admitted ? 'runs' : `asks for Node ${manifest.engines.node}, as it should`;
    console.log(`${manifest.name} on Node ${major}: ${wrong.length > 0 ? 'WRONG' : outcome}`);
    for (const line of wrong) console.error(`  ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
