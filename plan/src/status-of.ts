/** Longest wait for one answer, milliseconds. */
const patienceMs = 2_000;

/**
 * The status with which an address answers a GET. Not by `fetch`: that refuses ports such as 6000 on which services do listen.
 * `connection` says how, in node's words, where the address does not say it all.
 * @throws what the connection throws, and when no answer comes within 2 s
 */
export const statusOf = (address: string, connection: object = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    // An import of them would read every export, and so load WebSockets: a tenth of a command's start.
    const { get } = process.getBuiltinModule(
      address.startsWith('https:') ? 'node:https' : 'node:http',
    );
    const asked = get(address, { ...connection, agent: false }, (answer) => {
      clearTimeout(timer);
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), patienceMs);
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
