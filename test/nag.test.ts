import type { IPolicyValidationContext, PolicyViolation } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { Reviewed } from '#lib/nag.ts';
import type { Waiver } from '#lib/waivers.ts';

const finding = (severity: string, ...paths: string[]): PolicyViolation => ({
  ruleName: 'AwsSolutions-S1',
  description: 'The bucket has no logs.',
  severity,
  violatingResources: paths.map((constructPath) => ({ constructPath, locations: ['Properties'] })),
});
const waiver: Waiver = { rule: /^AwsSolutions-S1$/, at: /\/Results\//, reason: 'Nobody reads them.' };

const review = (violations: PolicyViolation[], waivers: Waiver[]) =>
  new Reviewed(
    { name: 'nag', validate: () => ({ success: violations.length === 0, violations }) },
    waivers,
  ).validate({} as IPolicyValidationContext);

describe('O8 a review of findings', () => {
  it('passes where nothing is found', () => {
    expect(review([], [])).toEqual({ success: true, violations: [] });
  });

  it('fails on a warning as on an error', () => {
    const { success, violations } = review([finding('warning', 'a/Other/Resource')], []);

    expect(success).toBe(false);
    expect(violations).toMatchObject([{ ruleName: 'AwsSolutions-S1', severity: 'error' }]);
  });

  it('passes what a waiver names, and only there', () => {
    expect(review([finding('error', 'a/Results/Resource')], [waiver]).success).toBe(true);

    const { success, violations } = review(
      [finding('error', 'a/Results/Resource', 'a/Other/Resource')],
      [waiver],
    );
    expect(success).toBe(false);
    expect(violations[0]?.violatingResources).toEqual([
      { constructPath: 'a/Other/Resource', locations: ['Properties'] },
    ]);
  });

  it('fails on a waiver that nothing needs, and says which', () => {
    const { success, violations } = review([], [waiver]);

    expect(success).toBe(false);
    expect(violations).toMatchObject([
      { ruleName: 'unused-waiver', description: expect.stringContaining('Nobody reads them.') },
    ]);
  });
});
