import { makeApp } from '#lib/app.ts';

const { app } = await makeApp({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
app.synth();
