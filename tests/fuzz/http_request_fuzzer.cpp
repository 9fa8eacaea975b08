// The requests read from a stream do not depend on how it is torn; only a refusal may come later, once the head is
// complete. Input: a byte that says how, then the stream.

#include "check.h"
#include "gateway/http/request_parser.h"

namespace {

using troupe::RequestParser;
using Status = RequestParser::Status;

constexpr std::string_view kRefused = "refused";
constexpr troupe::RequestLimits kLimits{2048, 16, 512, 4096};

std::string read_all(std::string_view stream, std::size_t step) {
  RequestParser parser(kLimits);
  std::string log, pending;
  while (!stream.empty()) {
    pending += stream.substr(0, step);
    stream.remove_prefix(std::min(step, stream.size()));
    for (;;) {
      const auto parsed = parser.parse(pending.data(), pending.size());
      pending.erase(0, parsed.consumed);
      if (parsed.status == Status::need_more) break;
      if (parsed.status != Status::done) return log + std::string(kRefused);
      const troupe::HttpRequest& request = parser.request();
      FUZZ_CHECK(request.target.starts_with('/') && request.target.size() <= kLimits.target_max + 1);
      FUZZ_CHECK(request.headers.size() <= kLimits.header_fields_max);
      FUZZ_CHECK(request.body.size() <= kLimits.body_max);
      log += request.method + " " + request.target + "\n";
      for (const auto& [name, value] : request.headers) log += name + ":" + value + "\n";
      log += std::string(troupe::as_text(request.body)) + (parser.keep_alive() ? "|" : "$");
      parser.reset();
      if (pending.empty()) break;
    }
  }
  return log;
}

}  // namespace

void fuzz(troupe::BytesView input) {
  if (input.empty()) return;
  const auto stream = troupe::as_text(input.subspan(1));
  const std::string torn = read_all(stream, 1 + input[0]);
  const std::string whole = read_all(stream, SIZE_MAX);
  FUZZ_CHECK(torn == whole || torn + std::string(kRefused) == whole);
}
