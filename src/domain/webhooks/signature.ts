import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';

/** A secret that every Standard Webhooks library takes: `whsec_` and the padded base64 of 32 random bytes. */
export const newSecret = () => `${prefix}${randomBytes(32).toString('base64')}`;

/**
 * The key of Standard Webhooks: what the base64 after an optional `whsec_` stands for; a secret that is no padded
 * standard base64 counts as the raw bytes of the whole string (the libraries' `raw` format).
 */
export const standardKey = (secret: string): Buffer => {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  const decoded = Buffer.from(text, 'base64');
  return decoded.length > 0 && decoded.toString('base64') === text ? decoded : Buffer.from(secret);
};

type Message = { id: string; sentAtMs: number; body: string };

/** Signs the body's exact bytes both ways: the Standard Webhooks headers, and ours of the raw body. */
export const signedHeaders = ({ id, sentAtMs, body }: Message, secret: string): Record<string, string> => {
  const timestamp = String(Math.floor(sentAtMs / 1000));
  const standard = createHmac('sha256', standardKey(secret))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  const ours = createHmac('sha256', secret).update(body).digest('hex');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${standard}`,
    'X-Planasonix-Signature': `sha256=${ours}`,
  };
};
