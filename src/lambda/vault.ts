import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import type { SecretContext, Vault } from '#src/domain/vault.ts';
import { clientConfig } from './client-config.ts';
import { env } from './env.ts';

/** Secrets sealed by KMS itself (≤ 4 KB): the key never leaves it, and the context says who may open what. */
export const kmsVault = (kms: KMSClient, keyArn: () => string): Vault => ({
  async seal(secret, context) {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({
        KeyId: keyArn(),
        Plaintext: Buffer.from(secret),
        EncryptionContext: named(context),
      }),
    );
    return Buffer.from(CiphertextBlob ?? []).toString('base64');
  },
  async open(sealed, context) {
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        KeyId: keyArn(),
        CiphertextBlob: Buffer.from(sealed, 'base64'),
        EncryptionContext: named(context),
      }),
    );
    return Buffer.from(Plaintext ?? []).toString('utf8');
  },
});

const named = (context: SecretContext): Record<string, string> => ({ ...context });

let vault: Vault | undefined;
export const awsVault = (): Vault => {
  vault ??= kmsVault(new KMSClient(clientConfig), () => env('DATA_KEY_ARN'));
  return vault;
};

/** For routes that store secrets. */
export const seal = () => ({ vault: awsVault() });
