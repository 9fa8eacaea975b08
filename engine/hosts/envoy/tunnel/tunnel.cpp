#include "engine/hosts/envoy/tunnel/tunnel.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstring>
#include <utility>

#include "engine/base/errors.h"
#include "engine/hosts/envoy/tunnel/action_call.h"
#include "engine/hosts/envoy/tunnel/http_exchange.h"
#include "engine/hosts/envoy/tunnel/read_body.h"
#include "engine/hosts/envoy/tunnel/socket_end.h"

namespace troupe {

void TunnelContext::detach(std::function<Task<void>()> task) const {
  boost::asio::co_spawn(ports.io, std::move(task), boost::asio::detached);
}

namespace {

bool is_client_protocol(std::string_view target) {
  constexpr std::string_view kConnect = "/connect";
  return target.starts_with(kConnect) && (target.size() == kConnect.size() || target[kConnect.size()] == '?');
}

ConversationId id_of(const SocketId& id) { return make_conversation_id(id.gateway, id.request); }

class Tunnel final : public EnvoyTunnel {
 public:
  Tunnel(const Ports& ports, const TunnelSettings& settings)
      : context_(std::make_shared<TunnelContext>(ports, settings)) {
    ports.random.fill(gateway_);
    std::array<std::uint8_t, 8> seed{};
    ports.random.fill(seed);
    std::uint32_t first = 0;
    std::memcpy(&first, seed.data(), sizeof first);
    std::memcpy(&id_step_, seed.data() + sizeof first, sizeof id_step_);
    last_id_ = first;
    // Odd, so that it runs through all values.
    id_step_ |= 1u;
  }
  // Who waits for an answer holds its conversation, which holds who waits.
  ~Tunnel() override { end(); }

  void stop() override { end(); }

  Task<Result<HttpResponse>> fetch(EnvoyActorAddress to, HttpRequest request) override {
    const auto context = context_;
    const ConversationId id = next_id();
    if (request.stream && !HttpExchange::streams(*context, *to.link)) {
      const auto stream = std::exchange(request.stream, nullptr);
      TROUPE_CO_TRY(auto body, co_await read_body(stream, context->settings.payload_bytes_max));
      if (!body)
        co_return make_error("guard", "invalid_request_body", Value::object({{"reason", "length limit exceeded"}}));
      request.body = std::move(*body);
    }
    auto exchange = std::make_shared<HttpExchange>(context, id, std::move(to), std::move(request));
    TROUPE_CO_CHECK(add(*context, exchange));
    context->counters.count_request();
    co_return co_await exchange->run();
  }

  Task<Result<Bytes>> call(EnvoyActorAddress to, std::string action, Bytes args) override {
    const std::size_t body_bytes_max = context_->settings.payload_bytes_max;
    HttpRequest request = make_action_request(action, std::move(args));
    TROUPE_CO_TRY(auto response, co_await fetch(std::move(to), std::move(request)));
    co_return co_await read_action_answer(std::move(response), body_bytes_max);
  }

  Task<Result<QueueSent>> send(EnvoyActorAddress to, QueueSend message) override {
    const std::size_t body_bytes_max = context_->settings.payload_bytes_max;
    HttpRequest request = make_queue_request(std::move(message));
    TROUPE_CO_TRY(auto response, co_await fetch(std::move(to), std::move(request)));
    co_return co_await read_queue_answer(std::move(response), body_bytes_max);
  }

  Task<Result<OpenedSocket>> open_websocket(EnvoyActorAddress to, HttpRequest upgrade,
                                            std::shared_ptr<RelayedSocket> socket) override {
    const ConversationId id = id_of(socket->id());
    auto end = std::make_shared<SocketEnd>(context_, id, std::move(to), std::move(socket));
    TROUPE_CO_CHECK(add(*context_, end));
    context_->counters.count_websocket();
    auto request = std::make_shared<const HttpRequest>(std::move(upgrade));
    co_return co_await end->open(std::move(request));
  }

  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(EnvoyActorAddress to, HibernatingSocket socket,
                                                              std::uint16_t next_index) override {
    auto end = std::make_shared<SocketEnd>(context_, id_of(socket.id), std::move(to), std::move(socket.client));
    end->resume(next_index);
    TROUPE_CO_CHECK(add(*context_, end));
    co_return std::shared_ptr<ActorSocket>(std::move(end));
  }

  Task<Result<void>> closed_asleep(EnvoyActorAddress to, HibernatingSocket socket, std::uint16_t code,
                                   std::string reason) override {
    // An actor disconnects connections of its own protocol by itself when its start does not list them.
    if (is_client_protocol(socket.upgrade->target)) co_return Result<void>();
    auto end = std::make_shared<SocketEnd>(context_, id_of(socket.id), std::move(to), nullptr);
    TROUPE_CO_CHECK(add(*context_, end));
    TROUPE_CO_CHECK(co_await end->open(std::move(socket.upgrade)));
    if (!end->tell_closed(code, std::move(reason))) co_return make_error("actor", "stopping");
    co_return Result<void>();
  }

  void actor_started(EnvoyActorAddress actor, std::vector<HibernatingSocket> hibernating) override {
    for (const auto& left : context_->registry.start_generation(actor)) left->generation_stopped();
    for (HibernatingSocket& socket : hibernating) {
      // Until it is resumed only the actor is heard.
      auto end = std::make_shared<SocketEnd>(context_, id_of(socket.id), actor, std::move(socket.client));
      end->resume(1);
      (void)add(*context_, end);
    }
  }

  void actor_stopping(const ActorId& actor, std::uint32_t generation) override {
    for (const auto& left : context_->registry.stop_generation(actor, generation)) left->generation_stopping();
  }

  void actor_stopped(const ActorId& actor, std::uint32_t generation) override {
    for (const auto& left : context_->registry.end_generation(actor, generation)) left->generation_stopped();
  }

  void receive(const std::shared_ptr<EnvoyLink>& from, envoyproto::ToRivetTunnelMessage message) override {
    const auto& [id, kind] = message;
    context_->counters.received(kind);
    const auto conversation = context_->registry.find(make_conversation_id(id.gateway_id, id.request_id));
    // An envoy that guesses ids must not reach into the conversations of another.
    if (!conversation || conversation->to().link != from) return context_->counters.count_ignored();
    conversation->receive(id.message_index, std::move(message.message_kind));
  }

  void connected(const std::shared_ptr<EnvoyLink>& link) override {
    for (const auto& conversation : context_->registry.of_link(*link)) conversation->reconnected();
  }

  // Whoever has something to send finds out; what was sent may yet be answered.
  void disconnected(const std::shared_ptr<EnvoyLink>&) override {}

  TunnelStats stats() const override {
    TunnelStats stats = context_->counters.read();
    stats.open_websockets = context_->registry.websockets();
    // The two numbers are not of one moment.
    stats.open_requests = context_->registry.size() - std::min(context_->registry.size(), stats.open_websockets);
    return stats;
  }

 private:
  void end() {
    for (const auto& left : context_->registry.close()) left->generation_stopped();
    context_->deadlines->stop();
  }

  static Result<> add(TunnelContext& context, const std::shared_ptr<Conversation>& conversation) {
    std::shared_ptr<Conversation> replaced;
    const auto added = context.registry.add(conversation, &replaced);
    if (replaced) replaced->generation_stopped();
    switch (added) {
      case ConversationRegistry::Added::yes:
        return {};
      case ConversationRegistry::Added::stopping_meanwhile:
        conversation->generation_stopping();
        return {};
      case ConversationRegistry::Added::generation_stopping:
      case ConversationRegistry::Added::generation_over:
        return make_error("actor", "stopping");
      case ConversationRegistry::Added::full:
        break;
    }
    return make_error("guard", "service_unavailable");
  }

  ConversationId next_id() {
    const std::uint32_t value = last_id_.fetch_add(id_step_, std::memory_order_relaxed) + id_step_;
    envoyproto::RequestId request;
    std::memcpy(request.data(), &value, sizeof value);
    return make_conversation_id(gateway_, request);
  }

  const std::shared_ptr<TunnelContext> context_;
  envoyproto::GatewayId gateway_{};
  /// Request ids are a permutation of a counter: unlike random ones they do not repeat.
  std::uint32_t id_step_ = 1;
  std::atomic<std::uint32_t> last_id_{0};
};

}  // namespace

std::shared_ptr<EnvoyTunnel> make_envoy_tunnel(const Ports& ports, const TunnelSettings& settings) {
  return std::make_shared<Tunnel>(ports, settings);
}

}  // namespace troupe
