#include "gateway/management/namespace_names.h"

#include <algorithm>

namespace troupe::management {

namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kDisplayNameBytesMax = 128;

bool is_dns_label(std::string_view name) {
  if (name.starts_with('-') || name.ends_with('-') || name.find("--") != std::string_view::npos) return false;
  return std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

/// Unicode white space other than U+0020, in UTF-8.
bool has_odd_space(std::string_view text) {
  constexpr std::string_view kOdd[] = {"\t",           "\n",           "\v",           "\f",           "\r",
                                       "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
                                       "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
                                       "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
                                       "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  return std::ranges::any_of(kOdd, [&](auto space) { return text.find(space) != std::string_view::npos; });
}

}  // namespace

std::optional<std::string_view> namespace_name_problem(std::string_view name, std::string_view display_name) {
  if (name.empty()) return "name too short";
  if (name.size() > kNameBytesMax) return "name too long";
  if (!is_dns_label(name)) return "invalid name";
  if (display_name.empty()) return "display name too short";
  if (display_name.size() > kDisplayNameBytesMax) return "display name too long";
  if (display_name.starts_with(' ') || display_name.ends_with(' ') ||
      display_name.find("  ") != std::string_view::npos || has_odd_space(display_name))
    return "invalid display name";
  return std::nullopt;
}

}  // namespace troupe::management
