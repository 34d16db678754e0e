import { Logger } from '@aws-lambda-powertools/logger';
import type { Report } from '#src/domain/report.ts';
import { systemClock } from './clock.ts';

const metricNamespace = 'Planasonix';

const logger = new Logger({ serviceName: 'planasonix' });

/** A fact as a log line that CloudWatch also counts as a metric (embedded metric format), without dimensions. */
export const report: Report = (fact, fields = {}) => {
  const metrics = [
    { Namespace: metricNamespace, Dimensions: [[]], Metrics: [{ Name: fact, Unit: 'Count' }] },
  ];
  logger.info(fact, {
    ...fields,
    _aws: { Timestamp: systemClock.now(), CloudWatchMetrics: metrics },
    [fact]: 1,
  });
};
