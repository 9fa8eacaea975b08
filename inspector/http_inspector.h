#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "engine/hosts/local/inspector_port.h"

namespace troupe {

struct InspectorSettings {
  /// Bytes of a request's body; more is `message.incoming_too_long`.
  std::size_t body_bytes_max = 1'048'576;
  /// Bytes of an answer; more is `message.outgoing_too_long`.
  std::size_t answer_bytes_max = 20'971'520;
  /// Opens the inspector of every actor, instead of the actors' own tokens. For tests.
  std::string token_override;
};

/// `/inspector/…` over HTTP. Source: inspector of RivetKit 2.3.19, the shapes of its TypeScript runtime.
std::shared_ptr<LocalInspector> make_http_inspector(InspectorSettings settings);

}  // namespace troupe
