import type { ModuleDocument } from '../http/openapi.ts';

const html = { content: 'text/html' };
/** Without a session the pages lead to the login. */
const behindLogin = { 200: html, 303: null };

export const backOfficeDocument: ModuleDocument = {
  module: 'back-office',
  paths: {
    'GET /admin/login': { summary: 'Login page', answers: { 200: html } },
    'POST /admin/login': {
      summary: 'Log in',
      form: ['email', 'password'],
      answers: { 303: null, 401: html },
    },
    'POST /admin/logout': {
      summary: 'Log out',
      for: 'session',
      form: ['csrf'],
      answers: { 303: null, 403: html },
    },
    'GET /admin': { summary: 'Overview', for: 'session', answers: behindLogin },
    'GET /admin/orders': { summary: 'Orders', for: 'session', answers: behindLogin },
    'GET /admin/orders/{id}': {
      summary: 'One order',
      for: 'session',
      answers: { ...behindLogin, 404: html },
    },
    'POST /admin/orders/{id}/status': {
      summary: 'Move an order on',
      for: 'session',
      form: ['csrf', 'status'],
      answers: { 303: null, 400: html, 403: html, 404: html, 409: html },
    },
    'GET /admin/products': { summary: 'Products with stock', for: 'session', answers: behindLogin },
    'GET /admin/users': { summary: 'Customers', for: 'session', answers: behindLogin },
  },
};
