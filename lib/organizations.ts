import { CustomResource, RemovalPolicy } from 'aws-cdk-lib';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { DataStack } from './data-stack.ts';
import { workers } from './entries.ts';
import { keepSecret, writeTable } from './grants.ts';
import { NodeFunction } from './node-function.ts';
import type { Stage } from './stage.ts';

export type OrganizationsProps = { stage: Stage; data: DataStack; bundles: string; logGroup: ILogGroup };

/** The organizations of the deploy's context, and the secret that holds the admin key of each. */
export class Organizations extends Construct {
  readonly adminKey: Secret;

  constructor(scope: Construct, id: string, { stage, data, bundles, logGroup }: OrganizationsProps) {
    super(scope, id);
    this.adminKey = new Secret(this, 'AdminKey', {
      description:
        'The first admin API key of each organization: { organization_id, api_key, organizations }',
      encryptionKey: data.key,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const seed = new NodeFunction(this, 'seedOrganizations', {
      entry: workers.seedOrganizations,
      bundles,
      logGroup,
      description: 'Makes the table hold the organizations of the deploy’s context',
      timeoutSeconds: 60,
      statements: [...writeTable(data), ...keepSecret(this.adminKey, data.key)],
      environment: { TABLE_NAME: data.table.tableName },
    });
    const provider = new Provider(this, 'Provider', { onEventHandler: seed, logGroup });
    new CustomResource(this, 'Resource', {
      serviceToken: provider.serviceToken,
      properties: {
        Organizations: JSON.stringify(stage.organizations),
        AdminKeySecretArn: this.adminKey.secretArn,
      },
    });
  }
}
