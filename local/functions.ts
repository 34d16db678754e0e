import { join } from 'node:path';
import type { FunctionSpec } from './lambda-host.ts';
import { region, type Templates } from './template.ts';

/** Where the engines listen, by the service's name in `AWS_ENDPOINT_URL_<SERVICE>`. */
export type Endpoints = Readonly<Record<string, string>>;

/** As many slices at once as the default pool lets run. */
const slicesMax = 25;

type Properties = {
  Code: { S3Key?: string };
  Handler: string;
  Timeout?: number;
  MemorySize?: number;
  Environment?: { Variables?: Record<string, unknown> };
};

/** The template's functions as the local Lambda runs them: their own environment, and where the engines are. */
export const functionSpecs = (templates: Templates, endpoints: Endpoints): FunctionSpec[] =>
  templates.all('AWS::Lambda::Function').flatMap(({ ref, attributes, properties }) => {
    const { Code, Handler, Timeout = 3, MemorySize = 128, Environment } = properties as unknown as Properties;
    const variables = Environment?.Variables ?? {};
    if (!Code.S3Key || 'USER_ON_EVENT_FUNCTION_ARN' in variables) return []; // CloudFormation's own glue
    return [
      {
        name: ref,
        arn: attributes.Arn ?? '',
        file: join(templates.asset(Code.S3Key), 'index.mjs'),
        handler: Handler,
        env: { ...textOf(variables), ...surroundings(ref, endpoints) },
        timeoutSeconds: Timeout,
        memoryMb: MemorySize,
        ...(ref.startsWith('runSlice') && { concurrency: slicesMax }),
      },
    ];
  });

const textOf = (variables: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));

const surroundings = (functionName: string, endpoints: Endpoints) => ({
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: functionName, // by which the IAM front knows the function
  AWS_SECRET_ACCESS_KEY: 'local',
  PLANASONIX_LOCAL: '1',
  ...Object.fromEntries(
    Object.entries(endpoints).map(([service, url]) => [`AWS_ENDPOINT_URL_${service}`, url]),
  ),
});
