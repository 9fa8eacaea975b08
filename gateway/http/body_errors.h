#pragma once

#include <string>
#include <utility>

#include "engine/base/errors.h"

namespace troupe {

/// The body of a request is longer than it may be, or ended before its end: 413.
inline Error bad_body(std::string reason) {
  return make_error("guard", "invalid_request_body", Value::object({{"reason", std::move(reason)}}));
}

/// What came as a chunk of the body is none: 400, like other requests that are no HTTP.
inline Error malformed_body() {
  return make_error("api", "bad_request", Value::object({{"reason", "the request body is malformed"}}));
}

}  // namespace troupe
