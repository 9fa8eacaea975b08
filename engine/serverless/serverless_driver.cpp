#include "engine/serverless/serverless_driver.h"

#include <mutex>
#include <unordered_map>

#include "engine/serverless/metadata.h"
#include "engine/serverless/start_call.h"

namespace troupe {
namespace {

class Driver final : public ServerlessDriver, public std::enable_shared_from_this<Driver> {
 public:
  Driver(Ports ports, ServerlessIdentity identity, HttpClient& http, const Directory& directory, PoolErrors& errors)
      : ports_(ports), identity_(std::move(identity)), http_(http), directory_(directory), errors_(errors) {}

  void start(ServerlessStart start, std::shared_ptr<ServerlessEvents> events) override {
    auto request = request_for(start);
    if (!request) {
      errors_.report_error(start.pool->namespace_id, start.pool->name,
                           {PoolError::Kind::connection_error, 0, "the url of the endpoint is invalid", std::nullopt});
      return events->lost();
    }
    auto call = std::make_shared<StartCall>(ports_, std::move(start), events, errors_);
    {
      std::lock_guard lock(mutex_);
      if (stopping_) request.reset();
      if (request) calls_.emplace(call.get(), call);
    }
    if (!request) return events->lost();
    call->begin(http_, *std::move(request), [weak = weak_from_this(), raw = call.get()] {
      if (const auto self = weak.lock()) self->forget(raw);
    });
  }

  void drain_all() override {
    for (const auto& call : all_calls()) call->engine_stops();
  }
  void close_all() override {
    for (const auto& call : all_calls()) call->cut();
  }
  std::size_t open_requests() const override {
    std::lock_guard lock(mutex_);
    return calls_.size();
  }

 private:
  using CallPtr = std::shared_ptr<StartCall>;

  /// Nothing: the url is no url.
  std::optional<OutboundRequest> request_for(const ServerlessStart& start) const {
    const auto& pool = *start.pool;
    const auto& endpoint = *pool.config.serverless;
    auto url = endpoint_url(endpoint.url, "start");
    const auto ns = directory_.find_namespace(pool.namespace_id);
    if (!url || !ns) return std::nullopt;
    OutboundRequest request;
    request.method = "POST";
    request.url = *std::move(url);
    request.body = start.payload;
    add_headers(request.headers, endpoint.headers);
    request.headers.set("accept", "text/event-stream");
    request.headers.set("user-agent", std::string(kUserAgent));
    request.headers.set("x-rivet-endpoint", identity_.public_url);
    request.headers.set("x-rivet-pool-name", pool.name);
    request.headers.set("x-rivet-namespace-name", ns->name);
    if (!identity_.token.empty()) request.headers.set("x-rivet-token", identity_.token);
    return request;
  }

  /// No more from now on.
  std::vector<CallPtr> all_calls() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    std::vector<CallPtr> calls;
    for (const auto& [raw, call] : calls_) calls.push_back(call);
    return calls;
  }

  void forget(StartCall* raw) {
    std::lock_guard lock(mutex_);
    calls_.erase(raw);
  }

  Ports ports_;
  const ServerlessIdentity identity_;
  HttpClient& http_;
  const Directory& directory_;
  PoolErrors& errors_;
  mutable std::mutex mutex_;
  std::unordered_map<StartCall*, CallPtr> calls_;
  bool stopping_ = false;
};

}  // namespace

std::shared_ptr<ServerlessDriver> make_serverless_driver(Ports ports, ServerlessIdentity identity, HttpClient& http,
                                                         const Directory& directory, PoolErrors& errors) {
  return std::make_shared<Driver>(ports, std::move(identity), http, directory, errors);
}

}  // namespace troupe
