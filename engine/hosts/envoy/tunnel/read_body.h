#pragma once

#include <memory>
#include <optional>

#include "troupe/http.h"

namespace troupe {

/// The whole of a body; nothing when it is longer than `bytes_max`, which ends the stream. Errors: of the stream.
Task<Result<std::optional<Bytes>>> read_body(std::shared_ptr<BodyStream> stream, std::size_t bytes_max);

}  // namespace troupe
