#include "inspector/http/inspector_auth.h"

#include <algorithm>

namespace troupe {
namespace {

bool same_letters(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::optional<std::string_view> presented_token(const HttpHeaders& headers) {
  const std::string* header = headers.find("authorization");
  if (header == nullptr) return std::nullopt;
  const std::string_view text = *header;
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return text;
  if (!same_letters(text.substr(0, space), "bearer")) return std::nullopt;
  return text.substr(space + 1);
}

bool same_token(std::string_view presented, std::string_view expected) {
  if (presented.size() != expected.size() || expected.empty()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    difference |= static_cast<unsigned char>(presented[i]) ^ static_cast<unsigned char>(expected[i]);
  return difference == 0;
}

}  // namespace troupe
