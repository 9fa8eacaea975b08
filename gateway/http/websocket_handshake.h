#pragma once

#include <string>
#include <string_view>

#include "engine/base/ports.h"
#include "troupe/http.h"

namespace troupe {

/// What is wrong with an upgrade request; empty when it is right. RFC 6455 section 4.2.1.
std::string_view websocket_handshake_fault(const HttpHeaders& headers);

/// The 101 that accepts the upgrade: always the subprotocol `rivet`, never an extension. `extra` adds fields.
std::string websocket_accept_head(const HttpHeaders& request, const HttpHeaders& extra);

}  // namespace troupe
