/** Imported first: no log lines between the figures, and links that need no deployment. */
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
process.env.JOB_STATE_MACHINE_ARN = 'arn:aws:states:eu-west-1:000000000000:stateMachine:job';
