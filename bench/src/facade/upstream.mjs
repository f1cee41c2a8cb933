import { createServer } from 'node:http';

// A tiny JSON answer: what is measured is the proxy in front of it.
const body = JSON.stringify({ id: '1', name: 'a product', price: '9.90' });
const server = createServer((request, response) => {
  request.resume();
  response.setHeader('content-type', 'application/json');
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: server.address().port })}\n`),
);
