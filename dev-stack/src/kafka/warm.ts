// Fetches the jars ahead of the first test that needs them, so that no test waits for a download, and records what Java makes of them.
import { readdir } from 'node:fs/promises';
import { jarFolder } from './jars.ts';
import { recordClasses } from './record-classes.ts';

const folder = await jarFolder();
console.log(`${(await readdir(folder)).length} jars in ${folder}`);
await recordClasses();
