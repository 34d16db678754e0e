/** What a secret is bound to: a ciphertext opened with another context does not decrypt. */
export type SecretContext = {
  purpose: 'connection' | 'webhook';
  organization_id: string;
  /** The connection's or webhook's id. */
  resource_id: string;
};

/** Seals secrets for the table and opens them again; the driver is KMS (src/lambda/vault.ts). */
export type Vault = {
  seal(secret: string, context: SecretContext): Promise<string>;
  open(sealed: string, context: SecretContext): Promise<string>;
};
