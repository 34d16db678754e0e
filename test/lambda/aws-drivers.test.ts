import type { KMSClient } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it, vi } from 'vitest';
import { lambdaInspector } from '#src/lambda/inspector.ts';
import { stepFunctionsRunner } from '#src/lambda/runner.ts';
import { kmsVault } from '#src/lambda/vault.ts';

const client = <C>(send: (command: { input: Record<string, unknown> }) => Promise<unknown>) => {
  const spy = vi.fn(send);
  return { spy, client: { send: spy } as unknown as C };
};
const named = (name: string) => Object.assign(new Error(name), { name });

describe('the vault', () => {
  const context = { purpose: 'connection', organization_id: 'org_1', resource_id: 'conn_1' } as const;

  it('binds each secret to purpose, organization and resource', async () => {
    const { spy, client: kms } = client<KMSClient>(async () => ({ CiphertextBlob: Buffer.from('sealed') }));

    expect(await kmsVault(kms, () => 'arn:key').seal('secret', context)).toBe('c2VhbGVk');
    expect(spy.mock.calls[0]?.[0].input).toEqual({
      KeyId: 'arn:key',
      Plaintext: Buffer.from('secret'),
      EncryptionContext: { purpose: 'connection', organization_id: 'org_1', resource_id: 'conn_1' },
    });
  });

  it('opens under the same context only', async () => {
    const { spy, client: kms } = client<KMSClient>(async () => ({ Plaintext: Buffer.from('secret') }));

    expect(await kmsVault(kms, () => 'arn:key').open('c2VhbGVk', context)).toBe('secret');
    expect(spy.mock.calls[0]?.[0].input).toMatchObject({
      CiphertextBlob: Buffer.from('sealed'),
      EncryptionContext: context,
    });
  });
});

describe('the runner', () => {
  const arn = () => 'arn:aws:states:eu-west-1:000000000000:stateMachine:job';
  const execution = { name: 'job_1-1', input: '{}' };

  it('takes a second start of an execution as done', async () => {
    const { client: sfn } = client<SFNClient>(async () => Promise.reject(named('ExecutionAlreadyExists')));
    await expect(stepFunctionsRunner(sfn, arn).start(execution)).resolves.toBeUndefined();
  });

  it('lets every other error through', async () => {
    const { client: sfn } = client<SFNClient>(async () => Promise.reject(named('ExecutionLimitExceeded')));
    await expect(stepFunctionsRunner(sfn, arn).start(execution)).rejects.toThrow('ExecutionLimitExceeded');
  });

  it('finds an execution by its name, and says where there is none', async () => {
    const { spy, client: sfn } = client<SFNClient>(async () => ({ status: 'RUNNING' }));
    expect(await stepFunctionsRunner(sfn, arn).describe('job_1-1')).toBe('RUNNING');
    expect(spy.mock.calls[0]?.[0].input).toEqual({
      executionArn: 'arn:aws:states:eu-west-1:000000000000:execution:job:job_1-1',
    });
    const none = client<SFNClient>(async () => Promise.reject(named('ExecutionDoesNotExist')));
    expect(await stepFunctionsRunner(none.client, arn).describe('job_1-1')).toBeUndefined();
  });
});

describe('the inspector', () => {
  const answering = (answer: object) =>
    lambdaInspector(client<LambdaClient>(async () => answer).client, () => 'inspect');
  const down = expect.objectContaining({ code: 'dependency_down' });

  it('answers what the worker found', async () => {
    const checks = [{ end: 'source', name: 'reachable', ok: true }];
    expect(
      await answering({ Payload: Buffer.from(JSON.stringify(checks)) }).check('org_1', 'conn_1'),
    ).toEqual(checks);
  });

  it('is dependency_down when the worker fails, is out of reach, or talks nonsense', async () => {
    const failed = answering({ FunctionError: 'Unhandled', Payload: Buffer.from('{}') });
    await expect(failed.discover('org_1', 'conn_1')).rejects.toEqual(down);
    await expect(answering({ Payload: Buffer.from('{') }).check('org_1', 'conn_1')).rejects.toEqual(down);
    const { client: broken } = client<LambdaClient>(async () => Promise.reject(named('TimeoutError')));
    await expect(lambdaInspector(broken, () => 'inspect').check('org_1', 'conn_1')).rejects.toEqual(down);
  });
});
