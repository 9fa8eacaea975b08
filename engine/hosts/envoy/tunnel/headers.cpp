#include "engine/hosts/envoy/tunnel/headers.h"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe {
namespace {

bool has_upper_case(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void make_lower_case(std::string& name) {
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

}  // namespace

envoyproto::Headers to_envoy_headers(const HttpHeaders& headers) {
  envoyproto::Headers result;
  result.reserve(headers.size());
  for (const auto& field : headers) result.push_back(field);
  return result;
}

HttpHeaders from_envoy_headers(envoyproto::Headers headers) {
  // As sent, names are unique; only in lower case two of them can be the same.
  if (std::any_of(headers.begin(), headers.end(), [](const auto& field) { return has_upper_case(field.first); })) {
    std::set<std::string> seen;
    for (auto it = headers.end(); it != headers.begin();) {
      --it;
      make_lower_case(it->first);
      if (!seen.insert(it->first).second) it = headers.erase(it);
    }
  }
  return HttpHeaders(std::move(headers));
}

}  // namespace troupe
