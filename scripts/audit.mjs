// npm audit of what is needed in production. A registry that does not answer is no finding and no pass either: it is said aloud.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { stdout, stderr, error } = spawnSync(
  'npm',
  ['audit', '--omit=dev', '--audit-level=high', '--json'],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8', timeout: 90_000 },
);

/** What npm reported, or null when it said nothing that can be read. */
function report() {
  try {
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}

const counted = report()?.metadata?.vulnerabilities;
if (counted === undefined) {
  const reason = error?.message ?? report()?.message ?? stderr?.trim().split('\n')[0];
  console.error(`NOT CHECKED for known vulnerabilities, the registry did not answer: ${reason}`);
} else {
  const grave = Object.values(report().vulnerabilities).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  );
  for (const { name, severity, range } of grave) console.error(`${severity}: ${name} ${range}`);
  console.log(`${grave.length} high or critical vulnerabilities, ${counted.total} in all`);
  if (grave.length > 0) process.exitCode = 1;
}
