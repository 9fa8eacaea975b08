#include "gateway/http/server.h"

#include <netinet/tcp.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include "engine/base/async.h"
#include "gateway/http/acceptor.h"
#include "gateway/http/gateway_context.h"
#include "gateway/http/http_connection.h"
#include "gateway/http/tcp.h"
#include "gateway/http/unexpected.h"

namespace troupe {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

/// Before the next try to accept, when the process is out of descriptors or the server is full.
constexpr Millis kAcceptBackOff{100};
constexpr Millis kTickMin{10}, kTickMax{1'000};
/// Fraction of the shortest time limit.
constexpr int kTicksPerLimit = 8;
/// A peer that vanished without a word is noticed after idle + probes * interval.
constexpr int kKeepAliveIdleS = 60, kKeepAliveIntervalS = 15, kKeepAliveProbes = 4;

Millis tick_of(const ServerSettings& s) {
  const Millis shortest =
      std::min({s.header_timeout, s.idle_timeout, s.body_timeout, s.websocket_open_timeout, s.websocket_close_timeout,
                s.resolve_query_timeout, s.route_dispatch_timeout, s.response_start_timeout});
  return std::clamp(shortest / kTicksPerLimit, kTickMin, kTickMax);
}

void set_socket_options(TcpSocket& socket) {
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(Tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int name, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, kKeepAliveIdleS);
  set(TCP_KEEPINTVL, kKeepAliveIntervalS);
  set(TCP_KEEPCNT, kKeepAliveProbes);
}

/// The listening socket and the tick; on its own strand, and alive as long as either of them runs.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(std::shared_ptr<GatewayContext> context)
      : context_(std::move(context)),
        strand_(asio::make_strand(context_->ports.io)),
        acceptor_(strand_),
        ticker_(context_->ports.timers.make(strand_)),
        tick_(tick_of(context_->settings)) {
    context_->connections->set_tick(tick_);
    context_->connections->tick(context_->ports.clock.monotonic());
  }

  Result<std::uint16_t> listen() { return troupe::listen(acceptor_, context_->settings.host, context_->settings.port); }

  void run() {
    asio::dispatch(strand_, [self = shared_from_this()] { self->next_tick(); });
    auto body = [self = shared_from_this()] { return self->accept_loop(); };
    asio::co_spawn(strand_, std::move(body), log_unexpected("accept loop"));
  }

  void close() {
    asio::dispatch(strand_, [self = shared_from_this()] {
      self->closed_ = true;
      ErrorCode ignored;
      self->acceptor_.close(ignored);
    });
  }

  void stop_ticking() {
    asio::dispatch(strand_, [self = shared_from_this()] {
      self->ticking_ = false;
      self->ticker_->cancel();
    });
  }

 private:
  Task<void> accept_loop() {
    while (!closed_) {
      if (context_->connections->size() >= context_->settings.connections_max) {
        co_await wait_for(context_->ports.timers, strand_, kAcceptBackOff);
        continue;
      }
      const Strand strand = asio::make_strand(context_->ports.io);
      auto [ec, accepted] = co_await acceptor_.async_accept(strand, kAsTuple);
      if (closed_) co_return;
      if (is_of_one_client(ec)) continue;
      if (ec) {
        spdlog::warn("cannot accept a connection: {}", ec.message());
        co_await wait_for(context_->ports.timers, strand_, kAcceptBackOff);
        continue;
      }
      TcpSocket socket(std::move(accepted));
      set_socket_options(socket);
      std::make_shared<HttpConnection>(context_, context_->connections->join(), std::move(socket), strand)->run();
    }
  }

  void next_tick() {
    if (!ticking_) return;
    ticker_->start(tick_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->context_->connections->tick(self->context_->ports.clock.monotonic());
      self->next_tick();
    });
  }

  std::shared_ptr<GatewayContext> context_;
  Strand strand_;
  Tcp::acceptor acceptor_;
  std::unique_ptr<Timer> ticker_;
  Millis tick_;
  bool closed_ = false;
  bool ticking_ = true;
};

class GatewayServer final : public Server {
 public:
  explicit GatewayServer(std::shared_ptr<GatewayContext> context)
      : context_(std::move(context)), listener_(std::make_shared<Listener>(context_)) {}

  ~GatewayServer() override {
    stop_accepting();
    context_->connections->for_each([](ServerConnection& connection) { connection.cut(); });
    listener_->stop_ticking();
  }

  Result<void> listen() override {
    TROUPE_TRY(port_, listener_->listen());
    listener_->run();
    return {};
  }

  std::uint16_t port() const override { return port_; }

  ServerStats stats() const override {
    const ConnectionSet& connections = *context_->connections;
    return {connections.size(), connections.websockets, connections.requests, context_->admission->refused(),
            context_->admission->queue_wait()};
  }

  void stop_accepting() override {
    context_->connections->draining = true;
    listener_->close();
    context_->connections->for_each([](ServerConnection& connection) { connection.drain(); });
  }

  Task<void> stop(Millis limit) override {
    stop_accepting();
    context_->connections->for_each([](ServerConnection& connection) { connection.going_away(); });
    const Strand strand = asio::make_strand(context_->ports.io);
    co_await wait_until_empty(context_, strand, limit);
    context_->connections->for_each([](ServerConnection& connection) { connection.cut(); });
    listener_->stop_ticking();
  }

 private:
  static Task<void> wait_until_empty(std::shared_ptr<GatewayContext> context, Strand strand, Millis limit) {
    struct Wait {
      Continuation<Done> continuation;
      std::unique_ptr<Timer> timer;
      // On the strand; once.
      void end() {
        timer->cancel();
        if (continuation) continuation.post({});
      }
    };
    auto wait = std::make_shared<Wait>();
    auto begin = [=](Continuation<Done> continuation) {
      wait->continuation = std::move(continuation);
      asio::post(strand, [=] {
        wait->timer = context->ports.timers.make(strand);
        wait->timer->start(limit, [wait] { wait->end(); });
        context->connections->on_empty([=] { asio::post(strand, [wait] { wait->end(); }); });
      });
    };
    co_await suspend<Done>(std::move(begin));
    context->connections->on_empty(nullptr);
  }

  std::shared_ptr<GatewayContext> context_;
  std::shared_ptr<Listener> listener_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<Server> make_server(const Ports& ports, ServerSettings settings, Engine& engine,
                                    ManagementApi& management) {
  return std::make_unique<GatewayServer>(std::make_shared<GatewayContext>(ports, settings, engine, management));
}

}  // namespace troupe
