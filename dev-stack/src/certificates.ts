import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Signed {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Its certificate: what a client is told to trust. */
  readonly ca: string;
  /** A certificate signed by it, for 127.0.0.1 alone, or as openssl's `subjectAltName` says. */
  sign(name: string, whom?: string): Promise<Signed>;
}

/** A certificate authority that nobody knows, in a folder of the test's. */
export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const own = join(folder, name);
  await mkdir(own);
  const at = (file: string): string => join(own, file);
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: own });
  const newKey = ['-newkey', 'rsa:2048', '-nodes'];
  await openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', 'ca.key', '-out', 'ca.crt'],
  );
  return {
    ca: at('ca.crt'),
    async sign(subject, whom = 'IP:127.0.0.1') {
      const [cert, key] = [`${subject}.crt`, `${subject}.key`];
      await writeFile(at('san.cnf'), `subjectAltName=${whom}\n`);
      await openssl(
        ...['req', ...newKey, '-subj', `/CN=${subject}`],
        ...['-keyout', key, '-out', `${subject}.csr`],
      );
      await openssl(
        ...['x509', '-req', '-in', `${subject}.csr`, '-days', '2', '-extfile', 'san.cnf'],
        ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', cert],
      );
      return { cert: at(cert), key: at(key) };
    },
  };
}
