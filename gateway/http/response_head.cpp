#include "gateway/http/response_head.h"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "gateway/proxy/hop_by_hop.h"

namespace troupe {
namespace {

constexpr int kStatusMin = 200, kStatusMax = 999, kStatusInvalid = 500;

/// What stands for a character of a name in lower case; 0 where none may be.
constexpr auto kNameCharacters = [] {
  std::array<char, 256> table{};
  for (int c = '!'; c < 0x7f; ++c) table[static_cast<std::size_t>(c)] = static_cast<char>(c);
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = static_cast<char>(c - 'A' + 'a');
  table[':'] = 0;
  return table;
}();

/// Appends `name` in lower case. False: it is none, and nothing is appended.
bool append_name(std::string& out, std::string_view name) {
  const std::size_t begin = out.size();
  out += name;
  bool valid = !name.empty();
  for (char *c = out.data() + begin, *end = out.data() + out.size(); c != end; ++c)
    valid &= (*c = kNameCharacters[static_cast<unsigned char>(*c)]) != 0;
  if (!valid) out.resize(begin);
  return valid;
}

bool is_value(std::string_view value) {
  const auto has = [value](char c) { return value.find(c) != std::string_view::npos; };
  return !has('\r') && !has('\n') && !has('\0');
}

void append_number(std::string& out, std::size_t number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  out.append(digits.data(), end.ptr);
}

}  // namespace

void append_response_head(std::string& out, int status, const HttpHeaders& headers, const ResponseFraming& framing,
                          std::string_view date) {
  if (status < kStatusMin || status > kStatusMax) status = kStatusInvalid;
  out += framing.http11 ? "HTTP/1.1 " : "HTTP/1.0 ";
  append_number(out, static_cast<std::size_t>(status));
  out += ' ';
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  out.append(reason.data(), reason.size());
  out += "\r\n";

  for (const auto& [name, value] : headers) {
    const std::size_t begin = out.size();
    if (!is_value(value) || !append_name(out, name)) continue;
    const std::string_view lower(out.data() + begin, out.size() - begin);
    if (is_hop_by_hop(lower) || lower == "content-length" || lower == "date") {
      out.resize(begin);
      continue;
    }
    out += ": ";
    out += value;
    out += "\r\n";
  }

  if (framing.body == BodyFraming::length) {
    out += "content-length: ";
    append_number(out, framing.content_length);
    out += "\r\n";
  } else if (framing.body == BodyFraming::chunked) {
    out += "transfer-encoding: chunked\r\n";
  }
  if (!framing.keep_alive)
    out += "connection: close\r\n";
  else if (!framing.http11)
    out += "connection: keep-alive\r\n";
  out += "date: ";
  out += date;
  out += "\r\n\r\n";
}

void append_chunk_head(std::string& out, std::size_t size) {
  append_number(out, size, 16);
  out += "\r\n";
}

std::string_view http_date(const Clock& clock) {
  struct Cache {
    std::int64_t second = -1;
    std::string text;
  };
  thread_local Cache cache;
  const std::int64_t second = clock.now_ms() / 1000;
  if (second != cache.second) {
    static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t time = static_cast<std::time_t>(second);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 64> text;
    const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                   kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                                   utc.tm_min, utc.tm_sec);
    cache.text.assign(text.data(), static_cast<std::size_t>(size));
    cache.second = second;
  }
  return cache.text;
}

}  // namespace troupe
