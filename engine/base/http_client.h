#pragma once

#include <memory>

#include "engine/base/ports.h"
#include "engine/base/url/url.h"
#include "troupe/http.h"
#include "troupe/result.h"

namespace troupe {

struct OutboundRequest {
  std::string method;
  Url url;
  /// Without host and content-length, which the client adds.
  HttpHeaders headers;
  Bytes body;
  /// For the whole exchange, body included; 0 = none but that of connecting.
  Millis time_limit{0};
};

/// One request on its way, and its answer. Threads: any; `response` once.
class OutboundExchange {
 public:
  virtual ~OutboundExchange() = default;
  /// The head of the answer, with a stream for its body; redirects have been followed. Errors, also of the stream:
  /// `outbound.timed_out`, `outbound.failed` (detail: why), `outbound.cancelled`.
  virtual Task<Result<HttpResponse>> response() = 0;
  /// Gives up; whatever waits fails. Blocks: never.
  virtual void cancel() = 0;
};

/// The way to endpoints outside: HTTP and HTTPS. Threads: any. Lifetime: outlives its exchanges.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual std::shared_ptr<OutboundExchange> begin(OutboundRequest request) = 0;
};

}  // namespace troupe
