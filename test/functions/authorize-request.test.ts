import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashOfKey, isWellFormedKey, newApiKey, prefixOfKey } from '#src/domain/api-keys/api-key.ts';
import { apiKeyItem } from '#src/domain/api-keys/api-key-record.ts';
import { credentialKey } from '#src/table/keys.ts';
import { authorizer } from '../../functions/authorizer/authorize-request.ts';
import { t0 } from '../support/builders.ts';
import { startTable } from '../support/dynamo.ts';
import { steppedClock } from '../support/services.ts';

describe('the authorizer', () => {
  let started: Awaited<ReturnType<typeof startTable>>;
  const get = vi.fn();
  const clock = steppedClock();
  let key: string;
  beforeAll(async () => {
    started = await startTable();
  });
  afterAll(() => started.stop());
  beforeEach(async () => {
    get.mockReset().mockImplementation((item) => started.table.get(item));
    key = newApiKey();
    const record = {
      id: 'key_1',
      organization_id: 'org_1',
      name: 'nightly',
      scopes: ['orchestration:write', 'connections:read'],
      created_at: t0,
    };
    await started.table.write([{ put: apiKeyItem(key, record) }]);
  });
  const ask = (multiValueHeaders: Record<string, string[]>, over = {}) =>
    authorizer(() => ({ table: { ...started.table, get }, clock }))({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:eu-west-1:000000000000:api/api/GET/v1/jobs',
      headers: {},
      multiValueHeaders,
      ...over,
    } as unknown as APIGatewayRequestAuthorizerEvent);
  const set = (fields: Record<string, unknown>) =>
    started.table.update({ update: credentialKey(hashOfKey(key)), set: fields });

  it.each(['Authorization', 'authorization', 'X-Planasonix-Api-Key'])('lets a key in by %s', async (name) => {
    const value = name.startsWith('X') ? key : `Bearer ${key}`;

    expect(await ask({ [name]: [value] })).toEqual({
      principalId: 'key_1',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'execute-api:Invoke',
            Resource: 'arn:aws:execute-api:eu-west-1:000000000000:api/api/GET/v1/jobs',
          },
        ],
      },
      context: {
        organization_id: 'org_1',
        credential_id: 'key_1',
        credential_type: 'api_key',
        credential_name: 'nightly',
        scopes: 'orchestration:write connections:read',
      },
    });
    expect(get).toHaveBeenCalledOnce();
  });

  it('C1 a key with any character changed, cut or added is refused without a read', async () => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: key.length - 1 }),
      by: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 2 }), fc.constantFrom('А', 'ｐ', 'A', 'a', '-')),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, by }) => {
        const bent = key.slice(0, at) + by + key.slice(at + 1);
        fc.pre(bent !== key);
        await expect(ask({ authorization: [`Bearer ${bent}`] })).rejects.toThrow(/^Unauthorized$/);
      }),
    );
    expect(get).not.toHaveBeenCalled();
  });

  it('C1 a well-formed key of nobody is refused like any other', async () => {
    await expect(ask({ authorization: [`Bearer ${newApiKey()}`] })).rejects.toThrow(/^Unauthorized$/);
  });

  it.each([
    ['no header', {}],
    ['two Authorization headers', { authorization: ['Bearer KEY', 'Bearer KEY'] }],
    ['both headers', { authorization: ['Bearer KEY'], 'x-planasonix-api-key': ['KEY'] }],
    ['a lower-case scheme', { authorization: ['bearer KEY'] }],
    ['two spaces', { authorization: ['Bearer  KEY'] }],
    ['a space behind', { authorization: ['Bearer KEY '] }],
    ['another scheme', { authorization: ['Basic KEY'] }],
    ['no scheme', { authorization: ['KEY'] }],
    ['a list', { authorization: ['Bearer KEY, Bearer KEY'] }],
  ])('C3 refuses %s', async (_, headers) => {
    const filled = JSON.parse(JSON.stringify(headers).replaceAll('KEY', key));

    await expect(ask(filled)).rejects.toThrow(/^Unauthorized$/);
    expect(get).not.toHaveBeenCalled();
  });

  it('C3 refuses a key in the query string', async () => {
    await expect(ask({}, { queryStringParameters: { api_key: key } })).rejects.toThrow(/^Unauthorized$/);
  });

  it('C4 a key is dead from the millisecond it expires, and from its revocation on', async () => {
    await set({ expires_at: clock.now() + 1 });
    await expect(ask({ authorization: [`Bearer ${key}`] })).resolves.toBeDefined();
    await set({ expires_at: clock.now() });
    await expect(ask({ authorization: [`Bearer ${key}`] })).rejects.toThrow(/^Unauthorized$/);
    await set({ expires_at: null, revoked_at: clock.now() });
    await expect(ask({ authorization: [`Bearer ${key}`] })).rejects.toThrow(/^Unauthorized$/);
  });

  it('an outage is no refusal', async () => {
    get.mockRejectedValue(new Error('down'));

    await expect(ask({ authorization: [`Bearer ${key}`] })).rejects.toThrow(/^down$/);
  });
});

describe('an API key', () => {
  it('has 256 random bits and a checksum', () => {
    const key = newApiKey();

    expect(key).toMatch(/^plnx_live_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/);
    expect(isWellFormedKey(key)).toBe(true);
    expect(prefixOfKey(key)).toHaveLength(14);
  });

  it('keeps its format: a key of before is well-formed for ever', () => {
    expect(isWellFormedKey(`plnx_live_${'A'.repeat(43)}CHECKS`)).toBe(false);
    expect(isWellFormedKey(`plnx_live_${'A'.repeat(43)}2SWyhH`)).toBe(true);
  });
});
