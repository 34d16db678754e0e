/** List prices in US dollars, us-east-1, as known in 2026-11; free tiers left out. The one place to change them. */
const million = 1e6;

export const prices = {
  dynamoWriteUnit: 0.625 / million,
  dynamoReadUnit: 0.125 / million,
  apiRequest: 3.5 / million,
  lambdaRequest: 0.2 / million,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  stepTransition: 25 / million,
  sqsRequest: 0.4 / million,
  sqsFifoRequest: 0.5 / million,
  kmsRequest: 3 / million,
  busEvent: 1 / million,
  schedule: 1 / million,
  logGb: 0.5,
  trace: 5 / million,
  kmsKeyMonth: 1,
  secretMonth: 0.4,
  alarmMonth: 0.1,
  dashboardMonth: 3,
} as const;
