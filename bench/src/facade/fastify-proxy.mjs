import proxy from '@fastify/http-proxy';
import fastify from 'fastify';

// Another peer: Fastify's own proxy, which sends with undici.
const app = fastify();
await app.register(proxy, { upstream: process.env.MONOLITH_URL });
await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${JSON.stringify({ msg: 'listening', port: app.server.address().port })}\n`);
