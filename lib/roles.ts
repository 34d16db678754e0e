import type { IAspect } from 'aws-cdk-lib';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { Stage } from './stage.ts';

/** Puts every role under the deploy's path and permissions boundary. */
export class RolesOf implements IAspect {
  private readonly stage: Stage;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  visit(node: IConstruct) {
    if (!(node instanceof CfnRole)) return;
    const { rolePath, permissionsBoundary } = this.stage;
    if (rolePath !== '/') node.path = rolePath;
    if (permissionsBoundary) node.permissionsBoundary = permissionsBoundary;
  }
}
