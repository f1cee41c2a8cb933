// The tables of the toolkit's own schemas are named in one room each: this finds every other place that names them.
//   node scripts/schema-names.mjs [FOLDER]
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Tables and functions of schema strangler in the data databases; and the whole control schema. */
const schemas = [
  {
    // Also a name put together of parts, as in a template.
    named: new RegExp(
      `\\bstrangler\\.(\\$\\{|(${[
        'streams|dead_letters|copies|copied_ranges|copy_keys|identities|probe|heartbeat|signal|stray_writes|move_guards|refusals',
        'processed_events|event_positions|schema_versions|fence_\\w+|trying_fence',
      ].join('|')})\\b)`,
    ),
    // A remedy tells a person what to type.
    home: /^migration\/src\/replica\/|^plan\/src\/errors\.ts$/,
    room: 'migration/src/replica',
  },
  {
    named: /\bstrangler_control\./,
    home: /^(migration\/src\/control|plan\/src\/control)\//,
    room: 'migration/src/control or plan/src/control',
  },
];
const products = ['plan/src', 'facade/src', 'migration/src', 'contracts/src', 'extracted'];

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const sources = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'test', 'fixtures'].includes(entry.name) ? [] : sources(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [path] : [];
  });
const exists = (folder) => {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
};

const complaint = (place, line, room) =>
  `${place}: ${line.trim().slice(0, 100)}\n` +
  `  Tables of state are named in ${room} only: call a function there.`;

let read = 0;
const strays = products
  .map((product) => join(root, product))
  .filter(exists)
  .flatMap(sources)
  .flatMap((file) => {
    read += 1;
    const name = relative(root, file);
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) => {
        if (/^\s*(\/\/|\*|\/\*)/.test(line)) return [];
        const schema = schemas.find(({ named, home }) => named.test(line) && !home.test(name));
        return schema ? [complaint(`${name}:${index + 1}`, line, schema.room)] : [];
      });
  });
for (const stray of strays) console.error(stray);
console.log(`${read} files, ${strays.length} names of tables outside their room`);
process.exitCode = strays.length > 0 || read === 0 ? 1 : 0;
