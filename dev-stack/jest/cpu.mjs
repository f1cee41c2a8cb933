import { readFileSync } from 'node:fs';

/** Seconds of CPU of the processes that this one started and that have ended, with theirs; 0 where the system does not tell. */
export function ofEndedChildren(pid = 'self') {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}
