#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "tunnel_fixture.h"

namespace troupe {
namespace {

using namespace envoyproto;

class TunnelCounts : public TunnelTest {
 protected:
  TunnelCounts() {
    settings.response_start_timeout = Millis(1'000);
    make_tunnel();
  }
  Started<Result<HttpResponse>> fetch(std::string body = {}) {
    // What was said at the end of the one before.
    link->sent.clear();
    HttpRequest request;
    request.method = "POST";
    request.target = "/request/x";
    request.body = to_bytes(body);
    return start(tunnel->fetch(address(), std::move(request)));
  }
  /// Everything that was counted under a reason: its name and how often.
  std::vector<std::string> reasons() const {
    const TunnelStats stats = tunnel->stats();
    std::vector<std::string> counted;
    const auto add = [&](const auto& names, const auto& counts) {
      for (std::size_t i = 0; i < names.size(); ++i)
        if (counts[i] > 0) counted.push_back(std::string(names[i]) + " " + std::to_string(counts[i]));
    };
    add(kTunnelAborts, stats.aborts);
    add(kTunnelReplays, stats.replays);
    return counted;
  }
  using Reasons = std::vector<std::string>;
};

TEST_F(TunnelCounts, MessagesAndTheirBytesBothWaysAndWhatIsOpen) {
  const auto fetched = fetch("hello");
  TunnelStats stats = tunnel->stats();
  EXPECT_EQ(stats.to_envoys.messages, 1u);
  EXPECT_EQ(stats.to_envoys.bytes, 5u);
  EXPECT_EQ(stats.requests, 1u);
  EXPECT_EQ(stats.open_requests, 1u);
  EXPECT_EQ(stats.open_websockets, 0u);
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, true});
  reply(1, ToRivetResponseChunk{to_bytes("abc"), false});
  EXPECT_EQ(tunnel->stats().open_requests, 1u);
  reply(2, ToRivetResponseChunk{to_bytes("d"), true});
  ASSERT_TRUE(*fetched && **fetched);
  stats = tunnel->stats();
  EXPECT_EQ(stats.from_envoys.messages, 3u);
  EXPECT_EQ(stats.from_envoys.bytes, 4u);
  EXPECT_EQ(stats.open_requests, 0u);
  EXPECT_EQ(reasons(), Reasons());
  reply(3, ToRivetResponseChunk{to_bytes("e"), true});
  EXPECT_EQ(tunnel->stats().ignored_messages, 1u);
}

TEST_F(TunnelCounts, AMessageThatCouldNotBeSentOnceItIs) {
  disconnect();
  fetch("hello");
  EXPECT_EQ(tunnel->stats().to_envoys.messages, 0u);
  reconnect();
  EXPECT_EQ(tunnel->stats().to_envoys.messages, 1u);
  EXPECT_EQ(tunnel->stats().to_envoys.bytes, 5u);
}

TEST_F(TunnelCounts, EveryEarlyEndUnderItsReason) {
  fetch();
  next<ToEnvoyRequestStart>(0);
  world.advance(Millis(1'000));
  EXPECT_EQ(reasons(), Reasons{"timed_out 1"});

  fetch();
  fetch();
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseAbort{});
  EXPECT_EQ(reasons(), (Reasons{"timed_out 1", "actor_aborted 1"}));

  fetch();
  next<ToEnvoyRequestStart>(0);
  reply(7, ToRivetResponseStart{200, {}, std::nullopt, true});
  EXPECT_EQ(reasons(), (Reasons{"timed_out 1", "actor_aborted 1", "violation 1"}));

  tunnel->actor_stopped(actor, 3);
  world.settle();
  EXPECT_EQ(reasons(), (Reasons{"timed_out 1", "actor_aborted 1", "actor_stopped 1", "violation 1"}));
  EXPECT_EQ(tunnel->stats().open_requests, 0u);
}

TEST_F(TunnelCounts, ABodyThatNobodyWants) {
  const auto fetched = fetch();
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{200, {}, std::nullopt, true});
  reply(1, ToRivetResponseChunk{to_bytes("abc"), false});
  (**fetched)->stream.reset();
  EXPECT_EQ(reasons(), Reasons{"client_gone 1"});
}

TEST_F(TunnelCounts, WhatTheNextGenerationGets) {
  fetch();
  next<ToEnvoyRequestStart>(0);
  reply(0, ToRivetResponseStart{503, {{"x-rivet-error", "envoy.actor_not_found"}}, {}, false});
  EXPECT_EQ(reasons(), Reasons{"actor_missing 1"});
  disconnect();
  fetch();
  tunnel->actor_stopped(actor, 3);
  world.settle();
  EXPECT_EQ(reasons(), (Reasons{"not_sent 1", "actor_missing 1"}));
}

}  // namespace
}  // namespace troupe
