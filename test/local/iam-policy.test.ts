import { describe, expect, it } from 'vitest';
import { isAllowed, type Statement } from '#local/iam-policy.ts';
import { wishesOf } from '#local/iam-wishes.ts';

const table = 'arn:aws:dynamodb:eu-west-1:000000000000:table/T';
const allow = (over: Partial<Statement>): Statement => ({
  Effect: 'Allow',
  Action: ['dynamodb:GetItem'],
  Resource: [table],
  ...over,
});

describe('the local IAM', () => {
  it.each([
    ['the very action and resource', [allow({})], true],
    ['nothing', [], false],
    ['another action', [allow({ Action: ['dynamodb:PutItem'] })], false],
    ['another resource', [allow({ Resource: [`${table}2`] })], false],
    ['a wildcard', [allow({ Action: ['dynamodb:*'], Resource: ['*'] })], true],
    ['a deny beside it', [allow({}), allow({ Effect: 'Deny' })], false],
    ['a condition that holds', [allow({ Condition: { StringEquals: { k: ['v'] } } })], true],
    ['a condition that does not', [allow({ Condition: { StringEquals: { k: ['w'] } } })], false],
  ])('with %s', (_, statements, expected) => {
    const wish = { action: 'dynamodb:GetItem', resource: table, context: { k: 'v' } };

    expect(isAllowed(statements, wish)).toBe(expected);
  });

  it('asks of a transaction what its items need', () => {
    const TransactItems = [{ Put: { TableName: 'T' } }, { ConditionCheck: { TableName: 'T' } }];

    expect(wishesOf('DYNAMODB', 'TransactWriteItems', { TransactItems }, '/')).toEqual([
      { action: 'dynamodb:PutItem', resource: table },
      { action: 'dynamodb:ConditionCheckItem', resource: table },
    ]);
  });

  it('asks of KMS by encryption context', () => {
    const body = { KeyId: 'arn:key', EncryptionContext: { purpose: 'webhook' } };

    expect(wishesOf('KMS', 'Decrypt', body, '/')).toEqual([
      { action: 'kms:Decrypt', resource: 'arn:key', context: { 'kms:EncryptionContext:purpose': 'webhook' } },
    ]);
  });

  it('asks of an index by its own ARN', () => {
    expect(wishesOf('DYNAMODB', 'Query', { TableName: 'T', IndexName: 'due' }, '/')).toEqual([
      { action: 'dynamodb:Query', resource: `${table}/index/due` },
    ]);
  });
});
