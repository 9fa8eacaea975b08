#include "engine/serverless/no_http_client.h"

#include "engine/base/errors.h"

namespace troupe {
namespace {

class Refusal final : public OutboundExchange {
 public:
  Task<Result<HttpResponse>> response() override {
    co_return make_error("outbound", "failed", std::nullopt, "this engine makes no requests");
  }
  void cancel() override {}
};

class NoHttpClient final : public HttpClient {
 public:
  std::shared_ptr<OutboundExchange> begin(OutboundRequest) override { return std::make_shared<Refusal>(); }
};

}  // namespace

std::shared_ptr<HttpClient> make_no_http_client() { return std::make_shared<NoHttpClient>(); }

}  // namespace troupe
