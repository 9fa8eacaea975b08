#include "engine/base/key.h"

namespace troupe {
namespace {

constexpr std::string_view kEmptyList = "/";
constexpr std::string_view kEmptySegment = "\\0";

void append_segment(std::string& out, std::string_view segment) {
  if (segment.empty()) out += kEmptySegment;
  for (char c : segment) {
    if (c == '\\' || c == '/') out += '\\';
    out += c;
  }
}

std::string unescape(std::string_view raw) {
  if (raw == kEmptySegment) return {};
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size()) ++i;
    out += raw[i];
  }
  return out;
}

}  // namespace

std::string serialize_key(const std::vector<std::string>& key) {
  if (key.empty()) return std::string(kEmptyList);
  std::string out;
  for (const auto& segment : key) {
    if (&segment != &key.front()) out += '/';
    append_segment(out, segment);
  }
  return out;
}

std::vector<std::string> parse_key(std::string_view text) {
  std::vector<std::string> key;
  if (text.empty() || text == kEmptyList) return key;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '/') {
      key.push_back(unescape(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  key.push_back(unescape(text.substr(start)));
  return key;
}

std::string display_key(const std::vector<std::string>& key) {
  return key.empty() ? std::string() : serialize_key(key);
}

}  // namespace troupe
