import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { account, type Templates } from './template.ts';

/** Credentials of the runtime itself: no function has them. */
export const rootCredentials = { accessKeyId: 'root', secretAccessKey: account };

/** Makes the template's tables where they do not exist yet. */
export const createTables = async (templates: Templates, endpoint: string, region: string) => {
  const client = new DynamoDBClient({ endpoint, region, credentials: rootCredentials });
  for (const { ref, properties } of templates.all('AWS::DynamoDB::GlobalTable')) {
    const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } =
      properties as unknown as CreateTableCommandInput;
    const indexes = GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
      IndexName,
      KeySchema,
      Projection,
    }));
    const table = {
      TableName: ref,
      BillingMode: 'PAY_PER_REQUEST' as const,
      KeySchema,
      AttributeDefinitions,
    };
    await client
      .send(new CreateTableCommand({ ...table, GlobalSecondaryIndexes: indexes }))
      .catch((error) => {
        if (!(error instanceof ResourceInUseException)) throw error;
      });
  }
  client.destroy();
};
