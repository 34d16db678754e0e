import {
  type App,
  CloudFormationValidatePlugin,
  type IPolicyValidationContext,
  type IPolicyValidationPlugin,
  type PolicyValidationPluginReport,
  type PolicyViolation,
  Validations,
} from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Stage } from './stage.ts';
import { type Waiver, waiversFor } from './waivers.ts';

type Inner = Pick<IPolicyValidationPlugin, 'name' | 'validate'>;

/** Runs another plug-in's rules: a finding, a warning too, fails the synth unless a waiver gives the reason for it. */
export class Reviewed implements IPolicyValidationPlugin {
  readonly name: string;
  private readonly inner: Inner;
  private readonly waivers: readonly Waiver[];

  constructor(inner: Inner, waivers: readonly Waiver[] = []) {
    this.name = inner.name;
    this.inner = inner;
    this.waivers = waivers;
  }

  validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const report = this.inner.validate(context);
    const used = new Set<Waiver>();
    const open = report.violations.flatMap((violation) => this.unwaived(violation, used));
    const unused = this.waivers.filter((waiver) => !used.has(waiver)).map(unusedWaiver);
    const violations = [...open, ...unused];
    return { ...report, violations, success: violations.length === 0 };
  }

  private unwaived(violation: PolicyViolation, used: Set<Waiver>): PolicyViolation[] {
    const violatingResources = violation.violatingResources.filter(({ constructPath = '' }) => {
      const waiver = this.waivers.find(
        ({ rule, at }) => rule.test(violation.ruleName) && at.test(constructPath),
      );
      if (waiver) used.add(waiver);
      return waiver === undefined;
    });
    return violatingResources.length > 0 ? [{ ...violation, severity: 'error', violatingResources }] : [];
  }
}

const unusedWaiver = ({ rule, at, reason }: Waiver): PolicyViolation => ({
  ruleName: 'unused-waiver',
  severity: 'error',
  description: `Nothing needs the waiver of ${rule} at ${at} ("${reason}"): remove it from lib/waivers.ts.`,
  violatingResources: [],
});

/** One for the process: to start its engine takes a second. */
const cloudFormation = new CloudFormationValidatePlugin();

/** Every synth is checked by cdk-nag's AWS Solutions rules and by the CloudFormation validator. */
export const addChecks = (app: App, stage: Stage) =>
  Validations.of(app).addPlugins(
    new Reviewed(new AwsSolutionsChecks(app), waiversFor(stage)),
    new Reviewed(cloudFormation),
  );
