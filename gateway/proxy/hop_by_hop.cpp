#include "gateway/proxy/hop_by_hop.h"

#include <algorithm>

namespace troupe {

bool is_hop_by_hop(std::string_view name) {
  switch (name.empty() ? '\0' : name.front()) {
    case 'c':
      return name == "connection";
    case 'k':
      return name == "keep-alive";
    case 'p':
      return name.starts_with("proxy-");
    case 't':
      return name == "te" || name == "transfer-encoding";
    case 'u':
      return name == "upgrade";
    default:
      return false;
  }
}

void strip_hop_by_hop(HttpHeaders& headers) {
  for (;;) {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [](const auto& field) { return is_hop_by_hop(field.first); });
    if (found == headers.end()) return;
    const std::string name = found->first;
    headers.erase(name);
  }
}

}  // namespace troupe
