import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { openapi } from '#src/api/openapi.ts';
import { routes } from '#src/api/routes.ts';
import { getOpenapi, handler } from '../../functions/api/openapi/get-openapi.ts';
import { eventOf } from '../support/call.ts';
import { expectPublished } from '../support/published.ts';

describe('GET /api/v1/openapi.yaml', () => {
  it('200 as YAML, without a credential', async () => {
    const response = await handler(eventOf(getOpenapi.route, {}), {} as Context);

    expect(response.statusCode).toBe(200);
    expect(response.headers?.['content-type']).toBe('application/yaml');
    expect(JSON.parse(response.body)).toMatchObject({ openapi: '3.1.1', paths: { '/api/v1/jobs': {} } });
  });

  it('A12 every schema in it is one that a validator takes', () => {
    const document = openapi();
    const ajv = new Ajv2020({ strict: false });
    (addFormats.default ?? addFormats)(ajv);
    ajv.addSchema(document, 'document');
    for (const name of Object.keys(document.components?.schemas ?? {}))
      expect(() => ajv.compile({ $ref: `document#/components/schemas/${name}` })).not.toThrow();
  });

  it('describes every event under webhooks', () => {
    expect(Object.keys(openapi().webhooks ?? {})).toEqual(
      expect.arrayContaining(['job.queued', 'job.succeeded', 'backfill.chunk_failed', 'webhook.disabled']),
    );
  });

  it('A12 an answer outside it is noticed: status, header, body', () => {
    const route = routes.getHealth;
    const good = {
      status: 200,
      headers: { 'content-type': 'application/json', 'x-request-id': 'req_1', 'cache-control': 'no-store' },
      body: { data: { status: 'ok', version: '1' } },
    };

    expect(() => expectPublished(route, good)).not.toThrow();
    expect(() => expectPublished(route, { ...good, status: 418 })).toThrow('publishes 418');
    expect(() => expectPublished(route, { ...good, headers: { ...good.headers, 'x-more': '1' } })).toThrow(
      'headers',
    );
    expect(() => expectPublished(route, { ...good, body: { data: { status: 'ok' } } })).toThrow(
      'publishes its body',
    );
  });
});
