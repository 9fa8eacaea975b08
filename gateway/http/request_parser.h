#pragma once

#include <cstddef>
#include <memory>

#include "troupe/http.h"

namespace troupe {

struct RequestLimits {
  std::size_t head_max = 0;
  std::size_t header_fields_max = 0;
  std::size_t target_max = 0;
  std::size_t body_max = 0;
};

/// Reads one HTTP/1 request after the other from a stream of bytes. Header names become lower case, of repeated
/// fields the last wins, fields with values beyond ASCII and trailers are dropped; an absolute-form target becomes
/// origin form. Source of the rules: gateway of Rivet Engine 2.3.19; framing: RFC 9112 (Beast's parser).
/// Threads: one at a time.
class RequestParser {
 public:
  enum class Status { need_more, done, bad_request, bad_body, target_too_long, head_too_large, body_too_large };
  struct Step {
    std::size_t consumed = 0;
    Status status = Status::need_more;
  };

  explicit RequestParser(RequestLimits limits);
  ~RequestParser();

  /// Makes it ready for the next request.
  void reset();
  /// Feeds the bytes that were not consumed before, and what followed them. After another status than need_more only
  /// `reset` may be called.
  Step parse(const char* data, std::size_t size);

  bool started() const;
  bool head_done() const;
  bool done() const;
  /// The rest is valid once the head is done, and after bad_body and body_too_large.
  HttpRequest& request();
  /// What has come of the body since the last call; of a request whose body is read piece by piece.
  Bytes take_body();
  bool has_body() const;
  bool http11() const;
  bool keep_alive() const;
  bool expects_continue() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether it is a GET with `Connection: upgrade` and `Upgrade: websocket`.
bool is_websocket_upgrade(const HttpRequest& request);

}  // namespace troupe
