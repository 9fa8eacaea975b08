#pragma once

#include <memory>

#include "engine/base/http_client.h"

namespace troupe {

/// For engines without a way out: every request fails with `outbound.failed`.
std::shared_ptr<HttpClient> make_no_http_client();

}  // namespace troupe
