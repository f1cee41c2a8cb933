import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

// The peer: the same libraries with nothing of ours around them.
const app = express();
app.use(
  createProxyMiddleware({
    target: process.env.MONOLITH_URL,
    agent: new Agent({ keepAlive: true, maxSockets: 256 }),
    logger: undefined,
  }),
);
const server = app.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: server.address().port })}\n`),
);
