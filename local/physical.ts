import { account, type Located, type Physical, region } from './template.ts';

const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
const globalArn = (service: string, rest: string) => `arn:aws:${service}::${rest}`;

const named =
  (service: string, kind: string, property = '') =>
  ({ id, properties }: Located): Physical => {
    const name = typeof properties[property] === 'string' ? properties[property] : id;
    return { ref: name, attributes: { Arn: arn(service, `${kind}${name}`) } };
  };

const byArn =
  (service: string, kind: string, property = '') =>
  (resource: Located): Physical => {
    const { ref, attributes } = named(service, kind, property)(resource);
    return { ref: attributes.Arn ?? '', attributes: { ...attributes, Name: ref } };
  };

const queue =
  (endpoint: string) =>
  ({ id, properties }: Located): Physical => {
    const name = properties.FifoQueue === true ? `${id}.fifo` : id;
    return {
      ref: `${endpoint}/${account}/${name}`,
      attributes: { Arn: arn('sqs', name), QueueName: name },
    };
  };

const logGroup = ({ id, properties }: Located): Physical => {
  const name = typeof properties.LogGroupName === 'string' ? properties.LogGroupName : id;
  return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
};

/** Physical names as AWS would give them, from logical ids, so that they stay the same over restarts. */
export const physicalIn = ({ queueEndpoint }: { queueEndpoint: string }) => {
  const kinds: Record<string, (resource: Located) => Physical> = {
    'AWS::DynamoDB::GlobalTable': named('dynamodb', 'table/'),
    'AWS::SQS::Queue': queue(queueEndpoint),
    'AWS::KMS::Key': named('kms', 'key/'),
    'AWS::KMS::Alias': named('kms', '', 'AliasName'),
    'AWS::Lambda::Function': named('lambda', 'function:'),
    'AWS::StepFunctions::StateMachine': byArn('states', 'stateMachine:', 'StateMachineName'),
    'AWS::Events::EventBus': named('events', 'event-bus/', 'Name'),
    'AWS::Events::Rule': named('events', 'rule/'),
    'AWS::SecretsManager::Secret': byArn('secretsmanager', 'secret:'),
    'AWS::SNS::Topic': byArn('sns', ''),
    'AWS::Logs::LogGroup': logGroup,
    'AWS::Scheduler::ScheduleGroup': named('scheduler', 'schedule-group/'),
    'AWS::S3::Bucket': ({ id }) => ({
      ref: id.toLowerCase(),
      attributes: { Arn: globalArn('s3', `:${id.toLowerCase()}`) },
    }),
    'AWS::IAM::Role': ({ id }) => ({ ref: id, attributes: { Arn: `arn:aws:iam::${account}:role/${id}` } }),
    'AWS::ApiGateway::RestApi': () => ({ ref: 'local', attributes: { RootResourceId: 'root' } }),
    'AWS::ApiGateway::Stage': ({ properties }) => ({ ref: String(properties.StageName), attributes: {} }),
  };
  return (resource: Located): Physical => {
    const found = kinds[resource.type]?.(resource);
    return found ?? { ref: resource.id, attributes: { Arn: arn('local', resource.id) } };
  };
};
