import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { isWellFormedKey } from '#src/domain/api-keys/api-key.ts';
import { type ApiKeyRecord, findLiveKey } from '#src/domain/api-keys/api-key-record.ts';
import type { Clock } from '#src/domain/clock.ts';
import { awsTable } from '#src/lambda/aws-table.ts';
import { systemClock } from '#src/lambda/clock.ts';
import { headerValues } from '#src/lambda/headers.ts';
import type { Table } from '#src/table/table.ts';

/** API Gateway answers 401 to an error of exactly this message, and to no other. */
const unauthorized = () => new Error('Unauthorized');

/** The one credential of a request; two, or anything that is not spelt exactly, is none. */
const keyOf = (event: APIGatewayRequestAuthorizerEvent) => {
  const credentials = [
    ...headerValues(event, 'authorization').map((value) => /^Bearer (\S+)$/.exec(value)?.[1]),
    ...headerValues(event, 'x-planasonix-api-key'),
  ];
  return credentials.length === 1 ? credentials[0] : undefined;
};

const allowed = (record: ApiKeyRecord, methodArn: string): APIGatewayAuthorizerResult => ({
  principalId: record.id,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: methodArn }],
  },
  context: {
    organization_id: record.organization_id,
    credential_id: record.id,
    credential_type: 'api_key',
    credential_name: record.name,
    scopes: record.scopes.join(' '),
  },
});

/** Says who asks. Every refusal looks the same, and a made-up key costs no read. */
export const authorizer =
  (services: () => { table: Table; clock: Clock }) => async (event: APIGatewayRequestAuthorizerEvent) => {
    const key = keyOf(event);
    if (!key || !isWellFormedKey(key)) throw unauthorized();
    const { table, clock } = services();
    const record = await findLiveKey(table, key, clock.now());
    if (!record) throw unauthorized();
    return allowed(record, event.methodArn);
  };

export const handler = authorizer(() => ({ table: awsTable(), clock: systemClock }));
