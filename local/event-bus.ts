import { randomUUID } from 'node:crypto';
import type { Invoke } from './invocation.ts';
import { jsonService } from './json-service.ts';
import { account, region, type Templates } from './template.ts';

type Event = { source: string; 'detail-type': string; detail: unknown; resources?: string[] };
type Entry = { Source: string; DetailType: string; Detail: string; EventBusName?: string };
type Rule = { bus: string; pattern: unknown; targets: string[] };

/** Lists of literals and nested objects: the patterns that our rules use; another operator is refused. */
const matches = (pattern: unknown, value: unknown): boolean => {
  if (Array.isArray(pattern)) {
    if (pattern.some((one) => typeof one === 'object'))
      throw new Error('The local event bus matches literals only.');
    return pattern.includes(value);
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(pattern as object).every(([key, inner]) =>
    matches(inner, (value as Record<string, unknown>)[key]),
  );
};

const rulesOf = (templates: Templates): Rule[] =>
  templates.all('AWS::Events::Rule').map(({ properties }) => ({
    bus: String(properties.EventBusName ?? 'default'),
    pattern: properties.EventPattern ?? {},
    targets: ((properties.Targets ?? []) as { Arn: string }[]).map(({ Arn }) => Arn),
  }));

/** EventBridge: what functions put, and what AWS services say, reaches the Lambda targets of the template's rules. */
export const createEventBus = (templates: Templates, invoke: Invoke) => {
  const rules = rulesOf(templates);
  const publish = (event: Event, bus = 'default') => {
    const full = {
      version: '0',
      id: randomUUID(),
      account,
      region,
      time: new Date().toISOString(),
      ...event,
    };
    for (const { targets } of rules.filter((rule) => rule.bus === bus && matches(rule.pattern, full))) {
      for (const target of targets)
        invoke(target, full).catch((error) => console.error(`rule → ${target}`, error));
    }
  };
  const service = jsonService(
    {
      PutEvents: ({ Entries }: { Entries: Entry[] }) => {
        for (const { Source, DetailType, Detail, EventBusName } of Entries) {
          publish({ source: Source, 'detail-type': DetailType, detail: JSON.parse(Detail) }, EventBusName);
        }
        return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) };
      },
    },
    '1.1',
  );
  return { ...service, publish };
};
