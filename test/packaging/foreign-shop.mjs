import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';

// A shop that knows nothing of Pact and nothing of this toolkit: its prices lie in a file, which somebody's script may write.
// "renamed" answers as a careless rewrite does; "states" has a door of its own, as a new service may.
const [file, ...manners] = process.argv.slice(2);
const own = new Map();
const priceOf = (item) =>
  manners.includes('states')
    ? own.get(item)
    : existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))[item]
      : undefined;

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://shop');
  const answer = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (url.pathname === '/states' && manners.includes('states')) {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      const { params } = JSON.parse(body);
      own.set(params.item, params.price);
      answer(200, {});
    });
    return;
  }
  const item = url.searchParams.get('item');
  const price = priceOf(item);
  if (url.pathname !== '/quote' || price === undefined) return answer(404, { error: 'none' });
  answer(200, manners.includes('renamed') ? { item, amount: price } : { item, price });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: server.address().port })}\n`),
);
