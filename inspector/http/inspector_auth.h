#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "troupe/http.h"

namespace troupe {

/// The token of an `Authorization` header: `Bearer <token>`, the scheme in any case, or the bare token. Nothing for
/// another scheme or no header.
std::optional<std::string_view> presented_token(const HttpHeaders& headers);

/// Takes as long for a wrong token as for the right one of the same length.
bool same_token(std::string_view presented, std::string_view expected);

}  // namespace troupe
