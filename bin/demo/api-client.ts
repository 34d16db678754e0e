import { randomUUID } from 'node:crypto';
import type { Connection } from '#src/domain/connections/connection.ts';
import { type Job, type JobResults, terminalStatuses } from '#src/domain/jobs/job.ts';
import type { Webhook } from '#src/domain/webhooks/webhook.ts';
import type { Endpoint } from './local-stack.ts';

type NewTable = { name: string; mode: 'incremental'; primary_key: string[]; cursor_column: string };

const end = (url: string) => {
  const { hostname: host, port, pathname, username, password } = new URL(url);
  return {
    type: 'postgres',
    config: { host, port: Number(port), database: pathname.slice(1), ssl: 'disable' },
    credentials: { user: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
};

/** The public API as the demo uses it; every other answer than 2xx is an error that shows the answer. */
export const apiClient = ({ base_url: baseUrl, api_key: key, postgres }: Endpoint) => {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text).data as T;
  };
  return {
    createConnection: (name: string, tables: readonly NewTable[]) =>
      call<Connection>('POST', '/connections', {
        name,
        tables,
        source: end(postgres.source_url),
        destination: end(postgres.destination_url),
      }),
    createWebhook: (url: string) => call<Webhook>('POST', '/webhooks', { url, events: ['job.*'] }),
    sync: (connectionId: string) => call<{ job: Job }>('POST', `/connections/${connectionId}/sync`, {}),
    results: (jobId: string) => call<JobResults>('GET', `/jobs/${jobId}/results`),
    /** Waits at the API until the job is over. */
    ended: async (id: string): Promise<Job> => {
      for (;;) {
        const job = await call<Job>('GET', `/jobs/${id}?wait=20`);
        if (terminalStatuses.has(job.status)) return job;
      }
    },
  };
};
export type ApiClient = ReturnType<typeof apiClient>;
