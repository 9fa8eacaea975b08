#pragma once

#include <nlohmann/json.hpp>

#include "engine/envoyproto/messages.h"

/// Messages in the form of the `value` of a golden vector: octets in hex, integers of 64 bits as text, maps as objects,
/// unions as {tag, val}.
namespace troupe::envoyproto {

nlohmann::json as_json(const ToRivet& message);
nlohmann::json as_json(const ToEnvoy& message);

}  // namespace troupe::envoyproto
