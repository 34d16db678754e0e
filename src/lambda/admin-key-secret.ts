import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { clientConfig } from './client-config.ts';

const Entry = z.object({ organization_id: z.string(), api_key: z.string() });
export type AdminKey = z.output<typeof Entry>;

/** The first organization's key on top, and every one's by slug. */
const Content = z.object({ organizations: z.record(z.string(), Entry) });
export type AdminKeys = Readonly<Record<string, AdminKey>>;

/** Where a deploy leaves the admin keys that it makes. */
export type AdminKeySecret = { read(): Promise<AdminKeys>; write(keys: AdminKeys): Promise<void> };

export const adminKeySecret = (
  arn: string,
  secrets = new SecretsManagerClient(clientConfig),
): AdminKeySecret => ({
  async read() {
    try {
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: arn }));
      return contentOf(SecretString);
    } catch (error) {
      // A secret that was made without a value.
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return {};
      throw error;
    }
  },
  async write(organizations) {
    const [first] = Object.values(organizations);
    const SecretString = JSON.stringify({ ...first, organizations });
    await secrets.send(new PutSecretValueCommand({ SecretId: arn, SecretString }));
  },
});

/** Anything that is not ours, such as the text that CloudFormation generates, holds no key. */
const contentOf = (text = ''): AdminKeys => {
  try {
    const content = Content.safeParse(JSON.parse(text));
    return content.success ? content.data.organizations : {};
  } catch {
    return {};
  }
};
