import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { webhookKey } from '#src/table/keys.ts';
import { createWebhook } from '../../functions/api/webhooks/create-webhook.ts';
import { deleteWebhook } from '../../functions/api/webhooks/delete-webhook.ts';
import { getWebhook } from '../../functions/api/webhooks/get-webhook.ts';
import { listWebhooks } from '../../functions/api/webhooks/list-webhooks.ts';
import { anOrganization } from '../support/builders.ts';
import { type Call, call } from '../support/call.ts';
import { startTable } from '../support/dynamo.ts';
import { type TestServices, testServices } from '../support/services.ts';

let started: Awaited<ReturnType<typeof startTable>>;
let services: TestServices;
let organizationId: string;
beforeAll(async () => {
  started = await startTable();
});
afterAll(() => started.stop());
beforeEach(async () => {
  services = testServices(started.table);
  organizationId = await anOrganization(started.table);
});
afterEach(() => vi.unstubAllEnvs());

const aBody = { url: 'https://hooks.example.com/in', events: ['job.succeeded', 'job.failed'] };
const create = (body: unknown = aBody, over: Call = {}) =>
  call(createWebhook, services, { organizationId, body, ...over });
const get = (webhookId: string) => call(getWebhook, services, { organizationId, params: { webhookId } });
const remove = (webhookId: string, over: Call = {}) =>
  call(deleteWebhook, services, { organizationId, params: { webhookId }, ...over });

describe('POST /api/v1/webhooks', () => {
  it('201 answers the webhook with a secret that is shown once and stored sealed', async () => {
    const made = await create();

    expect(made.status).toBe(201);
    expect(made.body.data).toEqual({
      id: expect.stringMatching(/^wh_[0-9a-hjkmnp-tv-z]{26}$/),
      url: 'https://hooks.example.com/in',
      events: ['job.succeeded', 'job.failed'],
      enabled: true,
      description: null,
      disabled_reason: null,
      created_at: '2030-01-01T00:00:00.000Z',
      updated_at: '2030-01-01T00:00:00.000Z',
      version: 1,
      last_delivery_at: null,
      failure_count_24h: 0,
      signing_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const { id, signing_secret: secret, ...shown } = made.body.data;
    expect(services.vault.seal).toHaveBeenCalledExactlyOnceWith(secret, {
      purpose: 'webhook',
      organization_id: organizationId,
      resource_id: id,
    });
    expect(JSON.stringify(await started.table.get(webhookKey(organizationId, id)))).not.toContain(secret);
    expect((await get(id)).body.data).toEqual({ id, ...shown });
  });

  it("201 takes the caller's own secret and patterns", async () => {
    const secret = 'a-secret-of-my-own-24-chars';
    const made = await create({ ...aBody, secret, events: ['*', 'job.*'], description: 'ours' });

    expect(made.body.data).toMatchObject({
      signing_secret: secret,
      events: ['*', 'job.*'],
      description: 'ours',
    });
  });

  it('201 again for the same Idempotency-Key, with the secret as null', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await create(aBody, { headers });

    const again = await create(aBody, { headers });

    expect(again.status).toBe(201);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body.data).toEqual({ ...first.body.data, signing_secret: null });
    const list = await call(listWebhooks, services, { organizationId });
    expect(list.body.data).toHaveLength(1);
  });

  it.each([
    ['an unknown event', { ...aBody, events: ['job.done'] }, 'events.0'],
    ['an unknown family', { ...aBody, events: ['jobs.*'] }, 'events.0'],
    ['no event', { ...aBody, events: [] }, 'events'],
    ['a short secret', { ...aBody, secret: 'x'.repeat(23) }, 'secret'],
    ['a long secret', { ...aBody, secret: 'x'.repeat(129) }, 'secret'],
    ['an unknown field', { ...aBody, enabled: true }, 'enabled'],
  ])('400 for %s', async (_, body, field) => {
    const answer = await create(body);

    expect(answer.status).toBe(400);
    expect(answer.body.error.details).toMatchObject([{ field }]);
  });

  it.each([
    ['http://hooks.example.com/', 'https_required'],
    ['https://user:pw@hooks.example.com/', 'userinfo_not_allowed'],
    ['https://hooks.example.com:22/', 'port_not_allowed'],
    ['https://169.254.169.254/', 'target_not_allowed'],
    ['https://2130706433/', 'target_not_allowed'],
    ['https://[::1]/', 'target_not_allowed'],
    ['http://127.0.0.1:9999/', 'https_required'],
    ['hooks', 'invalid_url'],
  ])('K1 K5 K6 400 for %s: %s', async (url, issue) => {
    const answer = await create({ ...aBody, url });

    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'invalid_request', details: [{ field: 'url', issue }] });
    expect(services.vault.seal).not.toHaveBeenCalled();
  });

  it('201 for http on loopback in local mode alone', async () => {
    vi.stubEnv('PLANASONIX_LOCAL', '1');

    expect((await create({ ...aBody, url: 'http://127.0.0.1:9999/hook' })).status).toBe(201);
    expect((await create({ ...aBody, url: 'http://10.0.0.1/hook' })).status).toBe(400);
  });

  it('201 for a private address in a network that the deployment allows, never for metadata', async () => {
    vi.stubEnv('ALLOWED_WEBHOOK_NETWORKS', '10.1.0.0/16,169.254.0.0/16');

    expect((await create({ ...aBody, url: 'https://10.1.2.3/hook' })).status).toBe(201);
    expect((await create({ ...aBody, url: 'https://10.2.2.3/hook' })).status).toBe(400);
    expect((await create({ ...aBody, url: 'https://169.254.169.254/hook' })).status).toBe(400);
  });

  it('409 beyond 50 webhooks, also under a race, and again after one was deleted', async () => {
    for (let n = 0; n < 48; n++) await create();

    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => create()));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.error.code).toBe('limit_reached');

    const { body } = await call(listWebhooks, services, { organizationId, query: { limit: '1' } });
    expect((await remove(body.data[0].id)).status).toBe(204);
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(409);
  });
});

describe('GET /api/v1/webhooks', () => {
  it('200 lists page by page, newest first, without secrets and those of others', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      services.clock.step(1_000);
      ids.unshift((await create()).body.data.id);
    }
    await create(aBody, { organizationId: await anOrganization(started.table) });

    const pages = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: Record<string, string> = { limit: '2', ...(cursor && { cursor }) };
      const { body } = await call(listWebhooks, services, { organizationId, query });
      pages.push(body.data.map(({ id }: { id: string }) => id));
      expect(JSON.stringify(body)).not.toContain('secret');
      cursor = body.meta.page.cursor;
    }

    expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  });
});

describe('GET and DELETE /api/v1/webhooks/{webhookId}', () => {
  it('404 for a webhook of another organization, and for a malformed id', async () => {
    const { id } = (await create(aBody, { organizationId: await anOrganization(started.table) })).body.data;

    expect((await get(id)).status).toBe(404);
    expect((await get('wh_1')).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
  });

  it('204 removes it; a second time is 404', async () => {
    const { id } = (await create()).body.data;

    expect((await remove(id)).status).toBe(204);
    expect((await get(id)).status).toBe(404);
    expect((await remove(id)).status).toBe(404);
  });

  it('204 once where two delete at the same moment, and the place is free once', async () => {
    const { id } = (await create()).body.data;

    const answers = await Promise.all([remove(id), remove(id), remove(id)]);

    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404, 404]);
  });

  it('409 version_conflict for another If-Match', async () => {
    const { id } = (await create()).body.data;

    const answer = await remove(id, { headers: { 'if-match': '"2"' } });

    expect([answer.status, answer.body.error.code]).toEqual([409, 'version_conflict']);
    expect((await remove(id, { headers: { 'if-match': '"1"' } })).status).toBe(204);
  });
});
