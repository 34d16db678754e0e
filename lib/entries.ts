import { basename } from 'node:path';
import { entryOf } from '#src/api/naming.ts';
import { routes } from '#src/api/routes.ts';

/** Every Lambda that is not a row of the route table. */
export const workers = {
  runSlice: 'functions/job/run-slice.ts',
  failJob: 'functions/job/fail-job.ts',
  endExecution: 'functions/job/end-execution.ts',
  inspectConnection: 'functions/connections/inspect-connection.ts',
  sweepDue: 'functions/sweep/sweep-due.ts',
  fanOut: 'functions/events/fan-out.ts',
  deliverWebhook: 'functions/webhooks/deliver-webhook.ts',
  seedOrganizations: 'functions/organizations/seed-organizations.ts',
  authorizeRequest: 'functions/authorizer/authorize-request.ts',
  unknownRoute: 'functions/api/unknown-route.ts',
} as const;

/** `functions/api/jobs/get-job.ts` is bundled as `get-job`. */
export const bundleOf = (entry: string) => basename(entry, '.ts');

export const allEntries = () => [
  ...Object.values(workers),
  ...Object.entries(routes).map(([name, route]) => entryOf(name, route)),
];
