import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { jsonFile } from './json-file.ts';
import { jsonService } from './json-service.ts';

type Named = { SecretId: string };

/** Secrets Manager, kept in the state. The template's secrets exist without a value. */
export const createSecrets = (file: string) => {
  const store = jsonFile<Record<string, string>>(file, {});
  const service = jsonService(
    {
      GetSecretValue: ({ SecretId }: Named) => {
        const SecretString = store.content[SecretId];
        if (SecretString === undefined) {
          throw new AwsError(
            'ResourceNotFoundException',
            "Secrets Manager can't find the specified secret value.",
          );
        }
        return { ARN: SecretId, Name: SecretId, SecretString, VersionId: 'local' };
      },
      PutSecretValue: ({ SecretId, SecretString }: Named & { SecretString: string }) => {
        store.content[SecretId] = SecretString;
        store.save();
        return { ARN: SecretId, Name: SecretId, VersionId: randomUUID() };
      },
    },
    '1.1',
  );
  return { ...service, valueOf: (arn: string) => store.content[arn] };
};
