import { createServer } from 'node:http';

// Answers at once, and enters states at once: what is measured is the verification.
const products = new Map();
const body = (id) => ({
  id,
  sku: `SKU-${id}`,
  name: 'Quiet oak lamp',
  price: '19.90',
  tags: ['new'],
  created_at: '2024-02-29T08:30:00.000Z',
});
const read = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}');
};
const answer = (response, status, value) =>
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(value));

const server = createServer((request, response) => void serve(request, response));
async function serve(request, response) {
  if (request.url === '/states') {
    const id = String(products.size + 1);
    products.set(id, body(id));
    return answer(response, 200, { id });
  }
  if (request.method === 'POST')
    return answer(response, 201, { ...body('1'), ...(await read(request)) });
  if (request.url === '/products') return answer(response, 200, [body('1'), body('2'), body('3')]);
  const product = products.get(request.url.slice('/products/'.length));
  return product ? answer(response, 200, product) : answer(response, 404, { error: 'none' });
}
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: server.address().port })}\n`),
);
