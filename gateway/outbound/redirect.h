#pragma once

#include "engine/base/http_client.h"

namespace troupe::outbound {

inline constexpr int kRedirectsMax = 10;

/// Where an answer sends the request, or nothing: 301, 302 and 303 turn a POST into a GET without a body, 307 and 308
/// repeat it; secrets do not go to another origin. Pure.
std::optional<OutboundRequest> redirected(const OutboundRequest& request, const HttpResponse& response);

}  // namespace troupe::outbound
