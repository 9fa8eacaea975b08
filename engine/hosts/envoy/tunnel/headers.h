#pragma once

#include "engine/envoyproto/messages.h"
#include "troupe/http.h"

namespace troupe {

/// Names are unique already.
envoyproto::Headers to_envoy_headers(const HttpHeaders& headers);
/// Names become lower case, the last of several with one name counts.
HttpHeaders from_envoy_headers(envoyproto::Headers headers);

}  // namespace troupe
