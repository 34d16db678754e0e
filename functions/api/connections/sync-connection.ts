import { endpoint } from '#src/api/endpoint.ts';
import { routes } from '#src/api/routes.ts';
import { notFound } from '#src/domain/failure.ts';
import { type Accepted, acceptSync } from '#src/domain/jobs/accept-sync.ts';
import { presentJob } from '#src/domain/jobs/stored-job.ts';
import { dispatch } from '#src/lambda/dispatch.ts';
import { executionLink } from '#src/lambda/execution-link.ts';
import { lambda } from '#src/lambda/http.ts';

/** Accepts the job and, where its gates are open, starts it; statemachines/job.asl.json does the rest. */
export const syncConnection = endpoint(
  routes.syncConnection,
  async ({ params, body, caller, commit, requestId }, services) => {
    if (body.pipeline_id !== undefined) throw notFound('pipeline');
    const trigger = {
      organizationId: caller.organizationId,
      connectionId: params.connectionId,
      request: body,
      createdBy: { type: caller.credentialType, id: caller.credentialId, name: caller.credentialName },
      requestId,
    };
    const reply = (accepted: Accepted) => ({
      job: presentJob(accepted, executionLink),
      created_by_this_request: accepted.created,
    });
    return reply(await acceptSync(trigger, { commit, reply }, services));
  },
);

export const handler = lambda(syncConnection, { dispatch });
