import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('idle'));
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ msg: 'listening', port: server.address().port })),
);
