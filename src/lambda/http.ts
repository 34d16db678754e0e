import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Endpoint, Providers, ServicesOf } from '#src/api/endpoint.ts';
import type { Route } from '#src/api/route.ts';
import { answerRequest } from './answer-request.ts';
import { errorResponses } from './error-responses.ts';
import { readRequest } from './read-request.ts';
import { connected } from './services.ts';

const logger = new Logger({ serviceName: 'planasonix' });

/** An endpoint with the stack that every endpoint gets. Nothing of an event is logged but what is named here. */
export const handlerOf = <R extends Route>(endpoint: Endpoint<R>, connect: () => ServicesOf<R>) =>
  middy<APIGatewayProxyEvent, APIGatewayProxyResult>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(errorResponses(logger))
    .handler(async (event) => {
      const { route } = endpoint;
      logger.appendKeys({
        route: `${route.method} ${route.path}`,
        request_id: event.requestContext?.requestId,
      });
      const request = readRequest(route, event);
      logger.appendKeys({
        organization_id: request.caller?.organizationId,
        credential_id: request.caller?.credentialId,
      });
      const response = await answerRequest(endpoint, request, connect());
      logger.info('answered', { status: response.statusCode });
      return response;
    });

/**
 * Turns an endpoint into a Lambda handler: `lambda(getJob)`, or with one provider for each of the row's `uses`,
 * `lambda(syncConnection, { dispatch })`, so that a bundle holds only the clients that its route may use.
 */
export const lambda = <R extends Route>(
  endpoint: Endpoint<R>,
  ...[providers]: keyof Providers<R> extends never ? [] : [providers: Providers<R>]
) => {
  let services: ServicesOf<R> | undefined;
  return handlerOf(endpoint, () => {
    services ??= connected<R>(providers);
    return services;
  });
};
