#pragma once

#include <memory>
#include <optional>
#include <string>

#include "troupe/bytes.h"
#include "troupe/http.h"

namespace troupe::outbound {

/// Reads one HTTP/1.1 response from the bytes of a connection. Pure: the caller brings the bytes.
/// Bounds: 64 KiB of head; a piece of the body is at most 16 KiB.
class ResponseReader {
 public:
  ResponseReader();
  ~ResponseReader();

  void feed(BytesView bytes);
  /// The connection has ended.
  void feed_end();

  /// The head once it is complete; interim answers (1xx) are skipped.
  std::optional<HttpResponse> take_head();
  /// A piece of the body; nothing when more bytes are needed or the body has ended.
  std::optional<Bytes> take_piece();
  /// The whole body has been taken.
  bool body_done() const;
  /// Why this is no response; stays.
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  struct Parser;
  void fail(std::string why) {
    if (!problem_) problem_ = std::move(why);
  }

  std::unique_ptr<Parser> parser_;
  Bytes input_;
  std::optional<std::string> problem_;
  bool ended_ = false;
};

}  // namespace troupe::outbound
