import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { methodsOf } from '#src/api/naming.ts';
import type { Route } from '#src/api/route.ts';
import { routes } from '#src/api/routes.ts';
import { Failure } from '#src/domain/failure.ts';
import { failureResponse } from '#src/lambda/error-responses.ts';
import { requestIdOf } from '#src/lambda/read-request.ts';

/** Answers what no row does: 405 with the methods that the path has, or 404. */
export const handler = async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
  const methods = methodsOf(event.path, Object.values<Route>(routes));
  if (methods.length === 0) {
    return failureResponse(new Failure('not_found', 'There is no such route.'), requestIdOf(event));
  }
  const failure = new Failure('method_not_allowed', 'This path does not have that method.');
  const response = failureResponse(failure, requestIdOf(event));
  return { ...response, headers: { ...response.headers, allow: methods.join(', ') } };
};
