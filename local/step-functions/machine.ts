import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import * as z from 'zod';
import { AwsError } from '#local/aws-error.ts';
import { adaptDefinition, type Definition, type State, tasksOf } from '#local/step-functions/definition.ts';

export type MachineSpec = {
  name: string;
  arn: string;
  /** The role that the machine's Tasks are invoked with. */
  roleArn: string;
  /** Amazon States Language in JSONPath, all substitutions resolved. */
  definition: string;
};

export type Machine = MachineSpec & {
  interpreter: StateMachine;
  tasks: [name: string, task: State][];
  createdAt: number;
};

const MachineProperties = z.object({
  DefinitionString: z.string(),
  DefinitionSubstitutions: z.record(z.string(), z.coerce.string()).default({}),
  RoleArn: z.string(),
  StateMachineType: z.literal('STANDARD').default('STANDARD'),
});

/** Reads the resolved properties of an `AWS::StepFunctions::StateMachine`; Express machines are refused. */
export const readMachineSpec = (name: string, arn: string, properties: unknown): MachineSpec => {
  const { DefinitionString, DefinitionSubstitutions, RoleArn } = MachineProperties.parse(properties);
  const definition = DefinitionString.replace(
    /\$\{(\w+)\}/g,
    (text, key) => DefinitionSubstitutions[key] ?? text,
  );
  return { name, arn, roleArn: RoleArn, definition };
};

export const executionArn = (machine: Machine, name: string) =>
  `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;

const parse = (definition: string): Definition => {
  try {
    return JSON.parse(definition);
  } catch {
    throw new AwsError('InvalidDefinition', 'The definition is not JSON.');
  }
};

const asInterpreted = (definition: Definition) => definition as unknown as StateMachineDefinition;

/** Refuses, with InvalidDefinition, what is not valid ASL and what would run otherwise here than on AWS. */
export const readMachine = (spec: MachineSpec): Machine => {
  const definition = parse(spec.definition);
  const adapted = adaptDefinition(definition);
  try {
    new StateMachine(asInterpreted(definition), { validationOptions: { checkArn: false } });
  } catch (error) {
    throw new AwsError('InvalidDefinition', error instanceof Error ? error.message : String(error));
  }
  const interpreter = new StateMachine(asInterpreted(adapted), { validationOptions: { noValidate: true } });
  return { ...spec, interpreter, tasks: tasksOf(adapted), createdAt: Date.now() };
};
