#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/virtual_ports.h"
#include "engine/hosts/envoy/tunnel/tunnel.h"

namespace troupe {

/// An envoy as the tunnel sees it: everything it is sent is recorded.
class FakeLink final : public EnvoyLink {
 public:
  const std::string& key() const override { return key_; }
  envoyproto::Version version() const override { return version_number; }
  bool connected() const override { return is_connected; }
  std::uint64_t connection() const override { return 1; }
  bool send(const envoyproto::ToEnvoy& message) override {
    if (!is_connected) return false;
    sent.push_back(std::get<envoyproto::ToEnvoyTunnelMessage>(message));
    return true;
  }
  std::size_t buffered_bytes() const override { return buffered; }
  Task<void> wait_drained() override {
    if (buffered > 0) co_await drained.wait();
  }
  void actor_missing(const ActorId&, std::uint32_t generation) override { missing.push_back(generation); }

  envoyproto::Version version_number = 8;
  bool is_connected = true;
  std::size_t buffered = 0;
  Signal drained;
  std::deque<envoyproto::ToEnvoyTunnelMessage> sent;
  std::vector<std::uint32_t> missing;

 private:
  std::string key_ = "envoy-1";
};

/// A task that was started; its result, once it has one.
template <class T>
using Started = std::shared_ptr<std::optional<T>>;

class TunnelTest : public testing::Test {
 protected:
  ~TunnelTest() override {
    tunnel.reset();
    world.settle();
  }

  VirtualWorld world;
  TunnelSettings settings;
  std::shared_ptr<EnvoyTunnel> tunnel;
  std::shared_ptr<FakeLink> link = std::make_shared<FakeLink>();
  ActorId actor = Id::make(world.ports().random, 1);

  void make_tunnel() {
    tunnel = make_envoy_tunnel(world.ports(), settings);
    tunnel->actor_started(address(), {});
  }
  EnvoyActorAddress address(std::uint32_t generation = 3) { return {actor, generation, link}; }

  template <class T>
  Started<T> start(Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    auto body = [result, task = std::move(task)]() mutable -> Task<void> { result->emplace(co_await std::move(task)); };
    boost::asio::co_spawn(world.context(), std::move(body), boost::asio::detached);
    world.settle();
    return result;
  }

  /// The next thing the envoy was sent, which must be a `Kind`.
  template <class Kind>
  Kind next(std::optional<std::uint16_t> index = std::nullopt) {
    if (link->sent.empty()) {
      ADD_FAILURE() << "nothing was sent";
      return {};
    }
    auto message = std::move(link->sent.front());
    link->sent.pop_front();
    if (index) {
      EXPECT_EQ(message.message_id.message_index, *index);
    }
    conversation = message.message_id;
    if (!std::holds_alternative<Kind>(message.message_kind)) {
      ADD_FAILURE() << "message " << message.message_kind.index() << " was sent";
      return {};
    }
    return std::get<Kind>(std::move(message.message_kind));
  }

  /// A message of the envoy for the conversation of the last `next`.
  void reply(std::uint16_t index, envoyproto::ToRivetTunnelMessageKind kind) {
    reply_from(link, index, std::move(kind));
  }
  void reply_from(const std::shared_ptr<FakeLink>& from, std::uint16_t index,
                  envoyproto::ToRivetTunnelMessageKind kind) {
    envoyproto::MessageId id = conversation;
    id.message_index = index;
    tunnel->receive(from, {id, std::move(kind)});
    world.settle();
  }

  void disconnect() {
    link->is_connected = false;
    tunnel->disconnected(link);
    world.settle();
  }
  void reconnect() {
    link->is_connected = true;
    tunnel->connected(link);
    world.settle();
  }

  envoyproto::MessageId conversation;
};

inline std::string phase_of(const Error& error) {
  const Value* phase = error.metadata() ? error.metadata()->find("phase") : nullptr;
  return phase ? std::string(phase->as_string().value_or("")) : "";
}

}  // namespace troupe
