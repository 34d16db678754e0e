import type { Post } from '#src/domain/webhooks/attempt.ts';
import { postGuarded } from '#src/egress/post.ts';
import { defaultRules, type EgressRules } from '#src/egress/rules.ts';
import { systemClock } from './clock.ts';
import { env, isLocal } from './env.ts';

/** What this deployment may call: the same rules where a URL is stored and where it is called. */
export const egressRules = (): EgressRules => ({
  ...defaultRules,
  allowedNetworks: env('ALLOWED_WEBHOOK_NETWORKS').split(',').filter(Boolean),
  allowLoopbackHttp: isLocal(),
});

/** The guarded client with this deployment's rules. */
export const guardedPost: Post = (request) =>
  postGuarded(request, { rules: egressRules(), clock: systemClock });
