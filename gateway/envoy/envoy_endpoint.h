#pragma once

#include <memory>
#include <string>

#include "gateway/http/gateway_context.h"
#include "troupe/http.h"

namespace troupe {

/// `/envoys/connect`: connects a process that hosts actors with the engine. Every refusal is an error that closes the
/// accepted socket. Source: envoy protocol of RivetKit 2.3.19, section 1. Errors: `guard.missing_header`,
/// `api.forbidden`, those of `parse_envoy_query` and of `EnvoyGate::connect`.
Task<Result<std::shared_ptr<ActorSocket>>> open_envoy(std::shared_ptr<GatewayContext> context, HttpRequest upgrade,
                                                      std::string ray_id, std::shared_ptr<ClientSocket> socket);

/// What a plain request gets there.
HttpResponse envoy_endpoint_answer();

}  // namespace troupe
