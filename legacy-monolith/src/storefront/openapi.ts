import type { ModuleDocument } from '../http/openapi.ts';

const html = { content: 'text/html' };
/** Without a session the pages lead to the login. */
const own = { 200: html, 303: null };
const script = { 200: { content: 'text/javascript' }, 304: null };
/** The catalog's answer, where it is none that a page can be made of. */
const asked = { 400: html, 401: html, 403: html, 429: html, 502: html, 503: html, 504: html };
const form = { 303: null, 403: html };

export const storefrontDocument: ModuleDocument = {
  module: 'storefront',
  paths: {
    'GET /': { summary: 'The front page', answers: { 200: html, ...asked } },
    'GET /assets/shop.css': {
      summary: 'Style of the pages',
      answers: { 200: { content: 'text/css' }, 304: null },
    },
    'GET /assets/shop.js': { summary: 'Script of the pages', answers: script },
    'GET /products/{id}': {
      summary: 'Page of a product',
      answers: { 200: html, 404: html, ...asked },
    },
    'GET /login': { summary: 'Login page of customers', answers: { 200: html } },
    'POST /login': {
      summary: 'Log in as a customer',
      form: ['email', 'password', 'next'],
      answers: { 303: null, 401: html },
    },
    'POST /logout': { summary: 'Log out', for: 'visitor', form: ['csrf'], answers: form },
    'GET /cart': { summary: 'Page of the cart', for: 'visitor', answers: own },
    'POST /cart': {
      summary: 'Put into the cart',
      for: 'visitor',
      form: ['csrf', 'product_id', 'quantity'],
      answers: { ...form, 400: html, 404: html },
    },
    'POST /cart/remove': {
      summary: 'Take out of the cart',
      for: 'visitor',
      form: ['csrf', 'product_id'],
      answers: form,
    },
    'GET /orders': { summary: 'Page of my orders', for: 'visitor', answers: own },
    'POST /orders': {
      summary: 'Order what is in the cart',
      for: 'visitor',
      form: ['csrf'],
      answers: { ...form, 402: html, 409: html, 422: html },
    },
    'GET /orders/{id}': {
      summary: 'Page of an order',
      for: 'visitor',
      answers: { ...own, 404: html },
    },
    'GET /orders/{id}/events': {
      summary: 'What happens to an order, as it happens',
      for: 'visitor',
      answers: { 200: { content: 'text/event-stream' }, 303: null, 404: html },
    },
  },
};
