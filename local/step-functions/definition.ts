import { AwsError } from '#local/aws-error.ts';

/** A state of the Amazon States Language, read as far as this folder needs it. */
export type State = { Type: string; [field: string]: unknown };
type States = Record<string, State>;
export type Definition = {
  StartAt: string;
  States: States;
  TimeoutSeconds?: number;
  [field: string]: unknown;
};

const longestTimerSeconds = 2_147_483; // setTimeout fires at once beyond 2^31 ms

const refuse = (what: string): never => {
  throw new AwsError('InvalidDefinition', `The local Step Functions does not support ${what}`);
};

const lambdaResource =
  /^arn:[^:]+:(lambda:[^:]*:[^:]*:function:.+|states:::lambda:invoke(\.waitForTaskToken)?)$/;

const isIntrinsic = (path: unknown) => path !== undefined && !String(path).startsWith('$');
const modeOf = ({ ItemProcessor: processor }: State) =>
  (processor as { ProcessorConfig?: { Mode?: string } } | undefined)?.ProcessorConfig?.Mode;

/** What the interpreter would do otherwise than AWS, mostly in silence. */
const unsupported: [what: string, isUsed: (state: State) => boolean][] = [
  ['JSONata', (state) => state.QueryLanguage === 'JSONata' || 'Arguments' in state],
  ['variables (Assign)', (state) => 'Assign' in state],
  ['$$.State of the context object', (state) => JSON.stringify(state).includes('$$.State.')],
  ['timeouts by path', (state) => 'TimeoutSecondsPath' in state || 'HeartbeatSecondsPath' in state],
  ['Tasks other than Lambda', ({ Type, Resource }) => Type === 'Task' && !lambdaResource.test(`${Resource}`)],
  ['intrinsic functions in Fail', (state) => isIntrinsic(state.ErrorPath) || isIntrinsic(state.CausePath)],
  ['Distributed Map', (state) => modeOf(state) === 'DISTRIBUTED'],
];

const checkState = (name: string, state: State) => {
  const [what] = unsupported.find(([, isUsed]) => isUsed(state)) ?? [];
  if (what) refuse(`${what}, used by the state ${name}`);
};

/** The interpreter writes a ResultPath of `$` to a key named `$`; left out, it means the same as on AWS. */
const withoutRootResultPath = <Fields extends object>(fields: Fields): Fields => {
  if (!('ResultPath' in fields) || fields.ResultPath !== '$') return fields;
  const { ResultPath: _, ...rest } = fields;
  return rest as Fields;
};

/** Puts right what the interpreter does otherwise than AWS and what can be said in other words. */
const adaptState = (state: State): State => {
  const adapted = withoutRootResultPath({ ...state });
  if (Array.isArray(adapted.Catch)) adapted.Catch = adapted.Catch.map(withoutRootResultPath);
  // It ignores a Result that is falsy; Parameters give the same value.
  if (adapted.Type === 'Pass' && 'Result' in adapted && !adapted.Result) adapted.Parameters = adapted.Result;
  // A Task without a time limit would end after 60 s.
  if (adapted.Type === 'Task') {
    adapted.TimeoutSeconds = Math.min(
      Number(adapted.TimeoutSeconds ?? longestTimerSeconds),
      longestTimerSeconds,
    );
  }
  return adapted;
};

/** The machines inside of a Map or Parallel state. */
const childrenOf = (state: State): Definition[] =>
  [state.ItemProcessor, state.Iterator, state.Branches]
    .flat()
    .filter((child) => child !== undefined) as Definition[];

const adaptChildren = (state: State): State => {
  const adapted = { ...state };
  for (const field of ['ItemProcessor', 'Iterator']) {
    if (field in adapted) adapted[field] = adaptDefinition(adapted[field] as Definition);
  }
  if (Array.isArray(adapted.Branches)) adapted.Branches = adapted.Branches.map(adaptDefinition);
  return adapted;
};

/** The definition as the interpreter must be given it to act as AWS does. */
export const adaptDefinition = (definition: Definition): Definition => {
  if (definition.QueryLanguage === 'JSONata') refuse('JSONata');
  const states = Object.entries(definition.States).map(([name, state]) => {
    checkState(name, state);
    return [name, adaptChildren(adaptState(state))] as const;
  });
  const adapted: Definition = { ...definition, States: Object.fromEntries(states) };
  if (adapted.TimeoutSeconds) adapted.TimeoutSeconds = Math.min(adapted.TimeoutSeconds, longestTimerSeconds);
  return adapted;
};

/** Every Task of a machine by its state's name, those inside of Map and Parallel included. */
export const tasksOf = (definition: Definition): [name: string, task: State][] =>
  Object.entries(definition.States).flatMap(([name, state]) => [
    ...(state.Type === 'Task' ? [[name, state] as [string, State]] : []),
    ...childrenOf(state).flatMap(tasksOf),
  ]);
