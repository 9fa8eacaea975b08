#include "engine/base/url/url.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <cctype>
#include <charconv>

namespace troupe {
namespace {

constexpr std::size_t kUrlBytesMax = 8'192;

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  return 0;
}

/// Without the white space around it and with everything encoded that RFC 3986 has no place for.
std::string encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && std::string_view("\"<>^`{|}").find(c) == std::string_view::npos) {
      out += c;
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

std::optional<Url> refuse(std::string* reason, const char* why) {
  if (reason) *reason = why;
  return std::nullopt;
}

bool starts_with_scheme(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !std::isalpha(static_cast<unsigned char>(text.front())))
    return false;
  return std::ranges::all_of(text.substr(0, colon), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text, std::string* reason) {
  const auto clean = encoded(text);
  if (clean.size() > kUrlBytesMax) return refuse(reason, "too long");
  if (!starts_with_scheme(clean)) return refuse(reason, "relative URL without a base");
  const auto parsed = boost::urls::parse_uri(clean);
  if (!parsed) return refuse(reason, "invalid URL");
  if (!parsed->has_authority() || parsed->host().empty()) return refuse(reason, "empty host");
  Url url;
  url.scheme = std::string(parsed->scheme());
  std::ranges::transform(url.scheme, url.scheme.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  url.host = std::string(parsed->host_address());
  url.port = default_port(url.scheme);
  if (parsed->has_port() && !std::string_view(parsed->port()).empty()) {
    const std::string digits(parsed->port());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0)
      return refuse(reason, "invalid port number");
  }
  url.target = std::string(parsed->encoded_path());
  if (url.target.empty()) url.target = "/";
  if (parsed->has_query()) url.target += "?" + std::string(parsed->encoded_query());
  if (parsed->has_userinfo()) url.userinfo = parsed->userinfo();
  return url;
}

std::string Url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != default_port(scheme)) out += ":" + std::to_string(port);
  return out;
}

}  // namespace troupe
