import {
  type ISecurityGroup,
  type IVpc,
  SecurityGroup,
  Subnet,
  type SubnetSelection,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** Where functions that open databases run. */
export type Network = { vpc: IVpc; vpcSubnets: SubnetSelection; securityGroups: ISecurityGroup[] };

/** The given network by its ids; nothing of it is looked up, so that a synth needs no account. */
export const networkOf = (
  scope: Construct,
  { vpcId, subnetIds, securityGroupIds }: Stage,
): Network | undefined =>
  vpcId === undefined
    ? undefined
    : {
        vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['-'] }), // CDK wants one; the subnets know theirs
        vpcSubnets: { subnets: subnetIds.map((id) => Subnet.fromSubnetId(scope, id, id)) },
        securityGroups: securityGroupIds.map((id) => SecurityGroup.fromSecurityGroupId(scope, id, id)),
      };
