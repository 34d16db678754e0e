import type { Clock } from '#src/domain/clock.ts';
import type { Vault } from '#src/domain/vault.ts';

type Opener = Pick<Vault, 'open'>;

const keptMs = 5 * 60_000;
const keptMax = 1_000;

/** Opens each secret once in five minutes for a warm worker: a call of KMS costs more than the rest of a delivery. */
export const cachingVault = (vault: Opener, clock: Clock): Opener => {
  const opened = new Map<string, { until: number; secret: Promise<string> }>();
  return {
    open(sealed, context) {
      const key = JSON.stringify([sealed, context]);
      const known = opened.get(key);
      if (known && known.until > clock.now()) return known.secret;
      if (opened.size >= keptMax) opened.clear();
      const secret = vault.open(sealed, context);
      opened.set(key, { until: clock.now() + keptMs, secret });
      secret.catch(() => opened.delete(key));
      return secret;
    },
  };
};
