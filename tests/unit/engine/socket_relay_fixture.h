#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"
#include "engine/sockets/socket_relay.h"

namespace troupe::relay_test {

using Log = std::vector<std::string>;

class Client final : public ClientSocket {
 public:
  bool send(WebSocketMessage message) override {
    if (!closes.empty()) return false;
    sent.push_back(to_string(message.data));
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t code, std::string reason) override { closes.push_back(std::to_string(code) + " " + reason); }
  Log sent, closes;
};

/// The actor's end in one generation.
class End final : public ActorSocket {
 public:
  Task<void> on_message(WebSocketMessage message) override {
    got.push_back(std::to_string(message.index) + " " + to_string(message.data));
    if (holds) {
      auto hold = [this](Continuation<Done> rest) { held = std::move(rest); };
      co_await suspend<Done>(std::move(hold));
    }
  }
  void on_close(std::uint16_t code, std::string reason) override {
    closes.push_back(std::to_string(code) + " " + reason);
  }
  Log got, closes;
  bool holds = false;
  Continuation<Done> held;
};

class Generation final : public HostedActor {
 public:
  void stop(StopReason) override {}
  Task<Result<HttpResponse>> fetch(HttpRequest) override { co_return HttpResponse(); }
  Task<Result<Bytes>> call(std::string, Bytes) override { co_return Bytes(); }
  Task<Result<OpenedSocket>> open_websocket(HttpRequest, std::shared_ptr<RelayedSocket> socket) override {
    client = std::move(socket);
    OpenedSocket opened;
    opened.actor = end;
    opened.can_hibernate = can_hibernate;
    opened.acks_expire = acks_expire;
    co_return opened;
  }
  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(HibernatingSocket socket, std::uint16_t next) override {
    client = socket.client;
    next_index = next;
    ++resumes;
    if (holds_resume) {
      auto hold = [this](Continuation<Done> rest) { held = std::move(rest); };
      co_await suspend<Done>(std::move(hold));
    }
    if (refusal) co_return *refusal;
    co_return std::shared_ptr<ActorSocket>(end);
  }
  Task<Result<void>> closed_asleep(HibernatingSocket, std::uint16_t code, std::string reason) override {
    if (refusal) co_return *refusal;
    closed.push_back(std::to_string(code) + " " + reason);
    co_return Result<void>();
  }

  std::shared_ptr<End> end = std::make_shared<End>();
  std::shared_ptr<RelayedSocket> client;
  bool can_hibernate = true, acks_expire = false;
  std::optional<Error> refusal;
  bool holds_resume = false;
  Continuation<Done> held;
  int resumes = 0;
  std::uint16_t next_index = 0;
  Log closed;
};

/// One socket of one actor; the test plays the placement.
class SocketRelays : public testing::Test {
 protected:
  SocketRelays() { make(); }
  ~SocketRelays() override {
    // What still waits must not outlive the test, and a generation holds the relay that holds it.
    sockets->stop();
    waking.clear();
    for (const auto& generation : {now, before}) {
      if (!generation) continue;
      generation->client.reset();
      generation->held = {};
      generation->end->held = {};
    }
    if (relay) relay->on_close(1006, "");
    world.settle();
  }

  void make() {
    auto acquire = [this](ActorId,
                          std::shared_ptr<HostedActor> not_this) -> Task<Result<std::shared_ptr<HostedActor>>> {
      ++wakes;
      turned_away_by = not_this.get();
      if (wake_failure) co_return *wake_failure;
      auto keep = [this](Continuation<Done> rest) { waking.push_back(std::move(rest)); };
      co_await suspend<Done>(std::move(keep));
      co_return std::shared_ptr<HostedActor>(now);
    };
    sockets = std::make_shared<Sockets>(world.ports(), settings, deadlines, std::move(acquire));
  }

  void open(std::string target = "/connect") {
    now = std::make_shared<Generation>();
    now->can_hibernate = can_hibernate;
    now->acks_expire = acks_expire;
    HttpRequest upgrade;
    upgrade.target = std::move(target);
    upgrade.headers.set("x-rivet-ray-id", "ray");
    relay = world.run(sockets->open(actor, now, std::move(upgrade), client)).value();
  }
  void say(std::string text) {
    boost::asio::co_spawn(world.context(), deliver(relay, std::move(text)), boost::asio::detached);
    world.settle();
  }
  static Task<void> deliver(std::shared_ptr<ActorSocket> socket, std::string text) {
    WebSocketMessage message;
    message.data = to_bytes(text);
    auto taken = socket->on_message(std::move(message));
    co_await std::move(taken);
  }
  void fall_asleep() {
    sockets->stopped(actor, *now);
    before = std::exchange(now, nullptr);
    world.settle();
  }
  /// What the next generation is told.
  std::vector<HibernatingSocket> begin_start() {
    now = std::make_shared<Generation>();
    return sockets->start_generation(actor);
  }
  void run() {
    sockets->running(actor, now);
    for (auto& rest : std::exchange(waking, {})) rest.post({});
    world.settle();
  }

  VirtualWorld world;
  SocketSettings settings;
  std::shared_ptr<DeadlineQueue> deadlines = std::make_shared<DeadlineQueue>(world.ports());
  ActorId actor;
  bool can_hibernate = true, acks_expire = false;
  std::shared_ptr<Client> client = std::make_shared<Client>();
  std::shared_ptr<Generation> now, before;
  std::shared_ptr<ActorSocket> relay;
  std::optional<Error> wake_failure;
  std::vector<Continuation<Done>> waking;
  int wakes = 0;
  const HostedActor* turned_away_by = nullptr;
  std::shared_ptr<Sockets> sockets;
};

}  // namespace troupe::relay_test
