// What a formatter cannot break (SQL, texts, comments) must fit the eye all the same.
//   node scripts/line-length.mjs [FILE…]     every product source when no file is named
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const limit = 140;
const root = fileURLToPath(new URL('..', import.meta.url));
/** Tests keep their sentences whole; a released migration is never edited; what is generated is not read. */
const left = /\.test\.ts$|(^|\/)(test|fixtures?|mutants)\/|\/migrations\/0001-control\.ts$/;
const tracked = () =>
  execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.cjs', '*.js', '*.sql', '*.sh'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && !left.test(file))
    .map((file) => `${root}${file}`);

const files = process.argv.length > 2 ? process.argv.slice(2) : tracked();
const long = files.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      line.length > limit
        ? [`${file.replace(root, '')}:${index + 1}: ${line.length} characters`]
        : [],
    ),
);
for (const place of long) console.error(place);
console.log(`${files.length} files, ${long.length} lines over ${limit} characters`);
process.exitCode = long.length > 0 || files.length === 0 ? 1 : 0;
