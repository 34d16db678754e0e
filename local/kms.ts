import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { jsonFile } from './json-file.ts';
import { jsonService } from './json-service.ts';

type Context = Record<string, string> | undefined;
type Encrypt = { KeyId: string; Plaintext: string; EncryptionContext?: Context };
type Decrypt = { KeyId?: string; CiphertextBlob: string; EncryptionContext?: Context };

const contextBytes = (context: Context) =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).toSorted()));

const seal = (key: Buffer, plaintext: Buffer, context: Context) => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(contextBytes(context));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
};

const open = (key: Buffer, sealed: Buffer, context: Context) => {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(
      contextBytes(context),
    );
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
  } catch {
    throw new AwsError('InvalidCiphertextException', 'The ciphertext is not of this key and context.');
  }
};

/** KMS for one deployment: one key, kept in the state; a ciphertext opens with its encryption context alone. */
export const createKms = (file: string) => {
  const store = jsonFile(file, { key: randomBytes(32).toString('base64') });
  store.save();
  const key = Buffer.from(store.content.key, 'base64');
  return jsonService(
    {
      Encrypt: ({ KeyId, Plaintext, EncryptionContext }: Encrypt) => ({
        KeyId,
        CiphertextBlob: seal(key, Buffer.from(Plaintext, 'base64'), EncryptionContext).toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      }),
      Decrypt: ({ KeyId, CiphertextBlob, EncryptionContext }: Decrypt) => ({
        KeyId,
        Plaintext: open(key, Buffer.from(CiphertextBlob, 'base64'), EncryptionContext).toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      }),
    },
    '1.1',
  );
};
