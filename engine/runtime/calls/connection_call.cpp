#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

class ConnectRun final : public Call<std::shared_ptr<Connection>> {
 public:
  ConnectRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, bool* began)
      : Call(std::move(actor), Traffic::connection, "connect", began), conn_(std::move(conn)) {}

  Task<void> run(std::shared_ptr<CallBase>) override {
    co_await skip_final_post();
    auto& instance = actor();
    if (instance.admission_runs_code()) mark_began();
    auto admitted = co_await instance.admit(conn_);
    if (admitted && instance.unsettled(ack())) admitted = co_await instance.saver().commit(ack());
    if (answered() || !admitted) instance.drop(conn_);
    if (!admitted) co_return answer(admitted.error());
    // Rides along with the next save: a connection that ends soon is not worth one of its own.
    instance.connection_changed(*conn_);
    std::shared_ptr<Connection> conn = std::move(conn_);
    answer(std::move(conn));
  }

 private:
  std::shared_ptr<ActorConnection> conn_;
};

class SubscribeRun final : public Call<void> {
 public:
  SubscribeRun(std::shared_ptr<Instance> actor, std::shared_ptr<ActorConnection> conn, std::string event, bool on)
      : Call(std::move(actor), Traffic::call, "subscribe", nullptr),
        conn_(std::move(conn)),
        event_(std::move(event)),
        on_(on) {}

  Task<void> run(std::shared_ptr<CallBase>) override {
    co_await skip_final_post();
    auto& instance = actor();
    if (!on_) {
      instance.connections().unsubscribe(*conn_, event_);
      instance.connection_changed(*conn_);
      co_return answer({});
    }
    if (instance.hooks().can_subscribe) {
      auto* behavior = &instance.behavior();
      auto make = [behavior, conn = conn_, event = event_] { return behavior->can_subscribe(conn, event); };
      const auto limit_of_hook = instance.options().on_before_connect_timeout;
      auto allowed = co_await instance.hook<bool>("onBeforeSubscribe", limit_of_hook, conn_, std::move(make));
      if (allowed && instance.unsettled(ack())) {
        auto saved = co_await instance.saver().commit(ack());
        if (!saved) co_return answer(saved.error());
      }
      if (!allowed) co_return answer(allowed.error());
      if (!*allowed) co_return answer(make_error("auth", "forbidden"));
    }
    if (!answered() && !instance.connections().subscribe(conn_, event_)) {
      auto metadata =
          Value::object({{"channel", "subscriptions"},
                         {"capacity", Value(static_cast<std::uint64_t>(ConnectionTable::kSubscriptionsMax))},
                         {"operation", operation()}});
      co_return answer(make_error("actor", "overloaded", std::move(metadata)));
    }
    instance.connection_changed(*conn_);
    answer({});
  }

 private:
  std::shared_ptr<ActorConnection> conn_;
  std::string event_;
  bool on_;
};

}  // namespace

Task<Result<std::shared_ptr<Connection>>> Instance::connect(Connect connect, std::shared_ptr<ConnectionSink> sink) {
  auto* began = std::exchange(connect.began, nullptr);
  auto conn = make_connection(ActorConnection::Kind::protocol, std::move(connect), std::move(sink));
  std::shared_ptr<Call<std::shared_ptr<Connection>>> call =
      std::make_shared<ConnectRun>(self(), std::move(conn), began);
  return submit(std::move(call));
}

Task<Result<void>> Instance::subscribe(std::shared_ptr<Connection> conn, std::string event, bool on) {
  auto own = std::static_pointer_cast<ActorConnection>(std::move(conn));
  std::shared_ptr<Call<void>> call = std::make_shared<SubscribeRun>(self(), std::move(own), std::move(event), on);
  return submit(std::move(call));
}

}  // namespace troupe
