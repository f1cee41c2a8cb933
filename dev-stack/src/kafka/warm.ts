// Fetches the jars ahead of the first test that needs them, so that no test waits for a download.
import { readdir } from 'node:fs/promises';
import { jarFolder } from './jars.ts';

const folder = await jarFolder();
console.log(`${(await readdir(folder)).length} jars in ${folder}`);
