#include "engine/serverless/endpoint_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <mutex>
#include <set>

#include "engine/serverless/start_request.h"

namespace troupe {
namespace {

/// A timer cannot wait longer than is sensible for the clock it runs on.
constexpr std::uint64_t kDelayMaxMs = 30ull * 24 * 3'600 * 1'000;

/// The whole body, or nothing when it is too large.
Task<Result<std::optional<Bytes>>> collect(std::shared_ptr<BodyStream> stream) {
  Bytes body;
  while (true) {
    TROUPE_CO_TRY(auto piece, co_await stream->read());
    if (!piece) co_return std::optional(std::move(body));
    if (body.size() + piece->size() > kMetadataBytesMax) {
      stream->cancel();
      co_return std::optional<Bytes>();
    }
    body.insert(body.end(), piece->begin(), piece->end());
  }
}

MetadataProblem problem_of(const Error& error) {
  MetadataProblem problem;
  problem.kind = error.is("outbound", "timed_out") ? MetadataProblem::Kind::request_timed_out
                                                   : MetadataProblem::Kind::request_failed;
  return problem;
}

class Watch final : public EndpointWatch, public std::enable_shared_from_this<Watch> {
 public:
  explicit Watch(EndpointWatchParts parts)
      : parts_(std::move(parts)), strand_(boost::asio::make_strand(parts_.ports.io)) {}

  void start() override {
    for (const auto& pool : parts_.pools.all())
      if (pool->is_serverless()) watch(pool, true);
  }

  void changed(const PoolChange& change) override {
    if (!change.now) parts_.errors.forget(change.namespace_id, change.name);
    if (change.now && change.now->is_serverless()) {
      // Whoever has changed the endpoint has looked at it, too.
      watch(change.now, false);
    } else {
      boost::asio::post(strand_, [self = shared_from_this(), key = Key(change.namespace_id, change.name)] {
        self->watched_.erase(key);
      });
    }
  }

  void stop() override {
    std::set<std::shared_ptr<OutboundExchange>> open;
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      open.swap(open_);
    }
    for (const auto& exchange : open) exchange->cancel();
    boost::asio::post(strand_, [self = shared_from_this()] { self->watched_.clear(); });
  }

  Task<MetadataResult> fetch(std::string url, std::map<std::string, std::string> headers) override {
    auto request = metadata_request(url, headers);
    if (!request) {
      MetadataProblem problem;
      problem.kind = MetadataProblem::Kind::invalid_request;
      co_return problem;
    }
    const auto exchange = begin(*std::move(request));
    if (!exchange) co_return MetadataProblem{};
    auto result = co_await answer_of(exchange);
    std::lock_guard lock(mutex_);
    open_.erase(exchange);
    co_return result;
  }

  Task<Result<MetadataResult>> refresh(PoolPtr pool) override {
    auto result = co_await fetch(pool->config.serverless->url, pool->config.serverless->headers);
    if (const auto* metadata = std::get_if<EndpointMetadata>(&result)) {
      TROUPE_CO_CHECK(co_await keep(pool, *metadata));
    } else {
      spdlog::warn("pool {}: no metadata from its endpoint: {}", pool->name,
                   std::get<MetadataProblem>(result).message());
    }
    co_return result;
  }

 private:
  using Key = std::pair<NamespaceId, std::string>;
  struct Watched {
    PoolPtr pool;
    std::unique_ptr<Timer> timer;
    std::uint32_t failures = 0;
    std::int64_t last_failure_ms = 0;
    bool polling = false;
  };

  /// Null once stopped.
  std::shared_ptr<OutboundExchange> begin(OutboundRequest request) {
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return nullptr;
    }
    auto exchange = parts_.http.begin(std::move(request));
    std::lock_guard lock(mutex_);
    if (stopped_) exchange->cancel();
    open_.insert(exchange);
    return exchange;
  }

  static Task<MetadataResult> answer_of(std::shared_ptr<OutboundExchange> exchange) {
    auto response = co_await exchange->response();
    if (!response) co_return problem_of(response.error());
    auto body = co_await collect(response->stream);
    if (!body) co_return problem_of(body.error());
    if (!*body) co_return MetadataProblem{};
    co_return read_metadata(response->status, as_text(**body));
  }

  Task<Result<void>> keep(PoolPtr pool, EndpointMetadata metadata) {
    const auto known = parts_.pools.find(pool->namespace_id, pool->name);
    if (metadata.protocol_version) {
      TROUPE_CO_CHECK(
          co_await parts_.pools.note_protocol_version(pool->namespace_id, pool->name, *metadata.protocol_version));
    } else if (known && known->protocol_version) {
      parts_.errors.report_error(pool->namespace_id, pool->name, {PoolError::Kind::downgrade, 0, {}, std::nullopt});
    }
    if (!metadata.actor_names.empty()) {
      TROUPE_CO_CHECK(co_await parts_.names.announce(pool->namespace_id, std::move(metadata.actor_names)));
    }
    if (metadata.envoy_version && pool->config.drain_on_version_upgrade && parts_.evict_older)
      parts_.evict_older(pool->namespace_id, pool->name, *metadata.envoy_version);
    co_return Result<void>();
  }

  void watch(PoolPtr pool, bool at_once) {
    boost::asio::post(strand_, [self = shared_from_this(), pool = std::move(pool), at_once] {
      auto& watched = self->watched_[Key(pool->namespace_id, pool->name)];
      const bool is_new = !watched.timer;
      if (is_new) watched.timer = self->parts_.ports.timers.make(self->strand_);
      const bool moved = is_new || watched.pool->config.serverless != pool->config.serverless;
      watched.pool = pool;
      if (!moved) return;
      watched.failures = 0;
      if (!watched.polling) self->arm(watched, at_once ? 0 : self->interval_ms(*pool));
    });
  }

  std::uint64_t interval_ms(const Pool& pool) const {
    const auto floor = static_cast<std::uint64_t>(parts_.settings.poll_interval_min.count());
    const auto fallback = static_cast<std::uint64_t>(parts_.settings.poll_interval.count());
    return std::max(pool.config.serverless->metadata_poll_interval_ms.value_or(fallback), floor);
  }

  void arm(Watched& watched, std::uint64_t delay_ms) {
    const Millis delay(static_cast<std::int64_t>(std::min(delay_ms, kDelayMaxMs)));
    watched.timer->start(delay, [weak = weak_from_this(), key = Key(watched.pool->namespace_id, watched.pool->name)] {
      if (const auto self = weak.lock()) boost::asio::co_spawn(self->strand_, poll(self, key), boost::asio::detached);
    });
  }

  static Task<void> poll(std::shared_ptr<Watch> self, Key key) {
    auto found = self->watched_.find(key);
    if (found == self->watched_.end() || found->second.polling) co_return;
    found->second.polling = true;
    const auto result = co_await self->refresh(found->second.pool);
    found = self->watched_.find(key);
    if (found == self->watched_.end()) co_return;
    auto& watched = found->second;
    watched.polling = false;
    const auto now_ms = self->parts_.ports.clock.now_ms();
    if (result && std::holds_alternative<EndpointMetadata>(*result)) {
      watched.failures = 0;
    } else {
      if (watched.last_failure_ms < now_ms - self->parts_.settings.retry_reset.count()) watched.failures = 0;
      watched.last_failure_ms = now_ms;
      ++watched.failures;
    }
    self->arm(watched, poll_delay_ms(self->interval_ms(*watched.pool), watched.failures));
  }

  EndpointWatchParts parts_;
  Strand strand_;
  /// On the strand.
  std::map<Key, Watched> watched_;
  std::mutex mutex_;
  std::set<std::shared_ptr<OutboundExchange>> open_;
  bool stopped_ = false;
};

}  // namespace

std::shared_ptr<EndpointWatch> make_endpoint_watch(EndpointWatchParts parts) {
  return std::make_shared<Watch>(std::move(parts));
}

}  // namespace troupe
