#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// An absolute URL with a host, taken apart for a request.
struct Url {
  /// Nothing for a text that is none; `reason`, when given, says why in a few words. Characters that a URL cannot hold
  /// as they are (spaces, non-ASCII) are percent-encoded, as browsers do.
  static std::optional<Url> parse(std::string_view text, std::string* reason = nullptr);

  /// Lower case, without "://".
  std::string scheme;
  /// A name, or an address without brackets.
  std::string host;
  /// Of the scheme when the text has none; 0 for schemes other than http and https.
  std::uint16_t port = 0;
  /// Path and query; starts with '/'.
  std::string target;
  /// "user:password", decoded; empty = none.
  std::string userinfo;

  bool is_http() const { return scheme == "http" || scheme == "https"; }
  /// Host and port as a Host header has them: the port only when it is not the scheme's own.
  std::string authority() const;
};

}  // namespace troupe
