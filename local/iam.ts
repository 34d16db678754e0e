import { AwsError } from './aws-error.ts';
import { iamFront } from './iam-front.ts';
import { isAllowed, readRoles, type Wish } from './iam-policy.ts';
import type { Invoke } from './invocation.ts';
import { jsonFile } from './json-file.ts';
import type { LoopbackServer } from './loopback-server.ts';
import type { Templates } from './template.ts';

/** State machines, schedules and the gateway call functions with roles of their own: those are asked too. */
export const guardedInvoke = (templates: Templates, invoke: Invoke): Invoke => {
  const roles = readRoles(templates);
  const arns = new Map(
    templates.all('AWS::Lambda::Function').map(({ ref, attributes }) => [ref, attributes.Arn ?? '']),
  );
  return async (name, payload, roleArn) => {
    const wish = { action: 'lambda:InvokeFunction', resource: arns.get(name) ?? name };
    if (roleArn !== undefined && !isAllowed(roles.get(roleArn) ?? [], wish)) {
      throw new AwsError('AccessDeniedException', `${roleArn} may not invoke ${wish.resource}`, 403);
    }
    return invoke(name, payload);
  };
};

/**
 * A front before each engine. Functions are known by their access key id, which is their name. Rights that were used are
 * kept in a file, so that grants which nothing needs can be listed.
 */
export const guardedServices = (
  templates: Templates,
  engines: Readonly<Record<string, string>>,
  usedFile: string,
): Record<string, LoopbackServer> => {
  const roles = readRoles(templates);
  const roleOf = new Map(
    templates.all('AWS::Lambda::Function').map(({ ref, properties }) => [ref, String(properties.Role)]),
  );
  const used = jsonFile<Record<string, string[]>>(usedFile, {});
  const callers = {
    statementsOf: (name: string) => roles.get(roleOf.get(name) ?? ''),
    used: (name: string, { action }: Wish) => {
      const actions = used.content[name] ?? [];
      used.content[name] = actions;
      if (actions.includes(action)) return;
      actions.push(action);
      used.save();
    },
  };
  return Object.fromEntries(
    Object.entries(engines).map(([service, target]) => [service, iamFront(service, target, callers)]),
  );
};
