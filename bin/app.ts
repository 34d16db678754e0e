import { makeApp } from '#lib/app.ts';

const { CDK_OUTDIR: outdir, BUNDLES: bundles } = process.env;
const { app } = await makeApp({ ...(outdir && { outdir }), ...(bundles && { bundles }) });
app.synth();
