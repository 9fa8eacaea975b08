#pragma once

#include <string_view>

#include "troupe/http.h"

namespace troupe {

/// Whether a field describes one connection only and must not be passed on. RFC 9110 section 7.6.1.
/// `name` in lower case.
bool is_hop_by_hop(std::string_view name);

void strip_hop_by_hop(HttpHeaders& headers);

}  // namespace troupe
