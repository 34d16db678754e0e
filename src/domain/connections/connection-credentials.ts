import * as z from 'zod';
import type { SecretContext, Vault } from '#src/domain/vault.ts';
import { connectionKey } from '#src/table/keys.ts';
import type { Item, Write } from '#src/table/table.ts';
import { Credentials } from './end.ts';

type Place = { organizationId: string; connectionId: string };

/** Each end's credentials are sealed on their own, so that one can change without opening the other. */
const SealedCredentials = z.object({ source: z.string(), destination: z.string() });

const contextOf = (organizationId: string, connectionId: string): SecretContext => ({
  purpose: 'connection',
  organization_id: organizationId,
  resource_id: connectionId,
});

export const sealCredentials = (vault: Pick<Vault, 'seal'>, place: Place, credentials: Credentials) =>
  vault.seal(JSON.stringify(credentials), contextOf(place.organizationId, place.connectionId));

/** Puts what was sealed for the ends; an end that is absent keeps what it has. */
export const putCredentials = (
  place: Place,
  sealed: { source?: string | undefined; destination?: string | undefined },
): Write => ({
  update: connectionKey(place.organizationId, place.connectionId, 'CREDENTIALS'),
  set: sealed,
});

export const openCredentials = async (
  vault: Pick<Vault, 'open'>,
  organizationId: string,
  connectionId: string,
  item: Item,
) => {
  const sealed = SealedCredentials.parse(item);
  const context = contextOf(organizationId, connectionId);
  const open = async (text: string) => Credentials.parse(JSON.parse(await vault.open(text, context)));
  const [source, destination] = await Promise.all([open(sealed.source), open(sealed.destination)]);
  return { source, destination };
};
