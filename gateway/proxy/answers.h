#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "troupe/error.h"
#include "troupe/http.h"

/// Answers that the gateway itself makes.
namespace troupe {

/// JSON body, status and `x-rivet-error` of an error. Source: Rivet Engine 2.3.19, gateway errors.
HttpResponse error_answer(const Error& error);

/// 204 to a CORS preflight of an actor route.
HttpResponse preflight_answer(const HttpHeaders& request);

/// CORS fields of every answer of an actor route; they replace what the actor set. `origin` of the request.
void apply_cors(HttpHeaders& response, const std::optional<std::string>& origin);

/// Reason of the Close frame that stands for an error: "group.code#ray".
std::string close_reason(const Error& error, const std::string& ray_id);
/// 1000 for a socket that was replaced or closed on purpose, else 1011.
std::uint16_t close_code(const Error& error);

}  // namespace troupe
