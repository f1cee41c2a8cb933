// The public surface, written down: docs/api/<package>.api.md says what each entry of each published package exports, with signatures,
// the shapes of types that are only reachable through others included. `npm run api` writes the reports; with --check nothing is
// written, and a surface that is not the one written down fails with the difference.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, 'docs', 'api');
const checking = process.argv.includes('--check');

/** Every entry that has types: its file of types and the name of its report. */
function entriesOf(folder) {
  const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const short = name.replace(/^@[^/]+\//, '');
  return Object.entries(exports)
    .filter(([, target]) => target.types !== undefined)
    .map(([entry, target]) => ({
      folder,
      types: join(root, folder, target.types),
      report: `${[short, ...entry.split('/').slice(1)].join('-')}.api.md`,
    }));
}

const quiet = { default: { logLevel: 'none' } };

function extract({ folder, types, report }, into) {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, folder, 'package.json'),
    configObjectFullPath: join(root, folder, 'api-extractor.json'),
    configObject: {
      projectFolder: join(root, folder),
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            ...{ target: 'es2022', lib: ['es2023', 'esnext.disposable'], types: ['node'] },
            ...{ module: 'nodenext', moduleResolution: 'nodenext', strict: true },
            skipLibCheck: true,
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: report,
        reportFolder: into,
        reportTempFolder: join(into, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: quiet,
        tsdocMessageReporting: quiet,
        compilerMessageReporting: { default: { logLevel: 'error' } },
      },
    },
  });
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = message.logLevel !== 'error';
    },
  });
  if (errorCount > 0) throw new Error(`${types} could not be read`);
}

function differs(report, into) {
  const { status, stdout } = spawnSync(
    'git',
    ['diff', '--no-index', '--no-color', join('docs', 'api', report), join(into, report)],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) console.error(stdout || `docs/api/${report} is missing`);
  return status !== 0;
}

const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
  stdio: 'inherit',
});
if (build.status !== 0) process.exit(1);
const into = checking ? mkdtempSync(join(tmpdir(), 'strangler-api-')) : reports;
try {
  mkdirSync(into, { recursive: true });
  const entries = published.flatMap(entriesOf);
  for (const entry of entries) extract(entry, into);
  const named = new Set(entries.map(({ report }) => report));
  const written = existsSync(reports) ? readdirSync(reports) : [];
  const stale = written.filter((file) => file.endsWith('.api.md') && !named.has(file));
  if (checking) {
    for (const file of stale) console.error(`docs/api/${file} is of an entry that is gone`);
    const changed = [...named].filter((report) => differs(report, into));
    if (changed.length + stale.length > 0) {
      console.error('The public surface changed. If that is meant: npm run api, and a changeset.');
      process.exitCode = 1;
    }
  } else for (const file of stale) rmSync(join(reports, file));
  console.log(`${entries.length} entries of ${published.length} packages`);
} finally {
  rmSync(checking ? into : join(into, 'temp'), { recursive: true, force: true });
}
