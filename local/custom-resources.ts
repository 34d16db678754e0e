import type { Invoke } from './invocation.ts';
import type { Templates } from './template.ts';

type FrameworkProperties = { Environment?: { Variables?: Record<string, string> } };

/** Does what CloudFormation does at a deploy: the handlers of custom resources make what the template asks for. */
export const runCustomResources = async (
  templates: Templates,
  invoke: Invoke,
  { isFirst }: { isFirst: boolean },
) => {
  const functions = new Map(templates.all('AWS::Lambda::Function').map((one) => [one.attributes.Arn, one]));
  for (const { properties, id } of templates.all('AWS::CloudFormation::CustomResource')) {
    const { ServiceToken, ...given } = properties;
    const framework = functions.get(String(ServiceToken))?.properties as FrameworkProperties | undefined;
    const handler = framework?.Environment?.Variables?.USER_ON_EVENT_FUNCTION_ARN;
    if (!handler) throw new Error(`The custom resource ${id} has no handler.`);
    const { payload, functionError } = await invoke(handler, {
      RequestType: isFirst ? 'Create' : 'Update',
      LogicalResourceId: id,
      PhysicalResourceId: isFirst ? undefined : id,
      ResourceProperties: given,
      OldResourceProperties: given,
    });
    if (functionError) throw new Error(`The custom resource ${id} failed: ${JSON.stringify(payload)}`);
  }
};
