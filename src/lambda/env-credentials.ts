/**
 * Stands for the SDK's default credential chain in every bundle: a Lambda has its credentials in its environment, and
 * the files, SSO and metadata clients of the chain would be a third of its size.
 */
export const defaultProvider = () => async () => ({
  accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
  ...(process.env.AWS_SESSION_TOKEN && { sessionToken: process.env.AWS_SESSION_TOKEN }),
});
export const credentialsWillNeedRefresh = () => false;
export const credentialsTreatedAsExpired = () => false;
