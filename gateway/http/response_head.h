#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/ports.h"
#include "troupe/http.h"

namespace troupe {

/// How the content of an answer is delimited. RFC 9112 section 6.
enum class BodyFraming { none, length, chunked, until_close };

struct ResponseFraming {
  BodyFraming body = BodyFraming::none;
  /// Of `length`.
  std::size_t content_length = 0;
  bool http11 = true;
  bool keep_alive = true;
};

/// Appends status line and header block. Names become lower case; fields that would break the framing or the block
/// (hop-by-hop fields, content-length, date, names or values with line breaks) are left out.
void append_response_head(std::string& out, int status, const HttpHeaders& headers, const ResponseFraming& framing,
                          std::string_view date);

/// Appends the size line of one chunk.
void append_chunk_head(std::string& out, std::size_t size);

/// The `date` value of now, RFC 9110 section 5.6.7. Lifetime: until the next call on this thread.
std::string_view http_date(const Clock& clock);

}  // namespace troupe
