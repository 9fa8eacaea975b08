#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/sim_envoy_actor.h"
#include "tests/sim/sim_envoy_link.h"

namespace troupe::sim {

/// One process that hosts actors: connects, does what it is told, tells what happens, answers requests, and comes back
/// over a new connection when the old one breaks. It does not know when the engine dies.
class SimEnvoy final : public LinkEnd, public std::enable_shared_from_this<SimEnvoy> {
 public:
  using Started = std::function<void(SimEnvoy& at, const envoyproto::CommandWrapper& start)>;

  /// `key` is of this start of the process. `started` hears of every start command.
  SimEnvoy(EnvoyWorld& world, std::string key, envoyproto::Version version, Started started);

  const std::string& key() const { return key_; }
  bool alive() const { return alive_; }
  /// Has said that it stops, or stands still.
  bool busy() const { return stopping_ || paused_; }

  void connect();
  const std::shared_ptr<SimLink>& link() const { return link_; }
  /// Stands still: hears nothing and says nothing.
  void pause();
  void resume();
  /// Is gone with all its actors.
  void die();
  /// Has its actors taken away before it ends.
  void stop_in_order();
  /// Does a start command, whoever was told.
  void start(const envoyproto::CommandWrapper& command);

  // LinkEnd
  void run_after(Millis delay, std::function<void()> work) override;
  void heard(SimLink& link, envoyproto::ToEnvoy message) override;
  void lost(SimLink& link, const std::string& reason) override;

  // -- for its actors --
  template <class Answer>
  using Then = std::function<void(const Answer* answer)>;
  /// The answer is null when it is not known whether the request was carried out.
  void ask(std::string actor_id, envoyproto::KvRequestData data, Then<envoyproto::KvResponseData> then);
  void ask(envoyproto::SqliteGetPagesRequest request, Then<envoyproto::SqliteGetPagesResponse> then);
  void ask(envoyproto::SqliteCommitRequest request, Then<envoyproto::SqliteCommitResponse> then);
  void tell(const SimEnvoyActor& actor, envoyproto::Event event);
  void answer(const Exchange& exchange, envoyproto::ToRivetTunnelMessageKind kind);
  void ended(const SimEnvoyActor& actor);

 private:
  using Generation = std::pair<std::string, std::uint32_t>;
  using ExchangeId = std::pair<envoyproto::GatewayId, envoyproto::RequestId>;
  /// What was told of one generation.
  struct Told {
    std::string key;
    bool over = false;
    std::int64_t next_index = 0;
    std::map<std::int64_t, envoyproto::Event> unconfirmed;
    bool told_to_sleep = false;
    std::optional<std::int64_t> alarm_ms;
  };
  template <class Answer>
  using Waiting = std::map<std::uint32_t, Then<Answer>>;

  void say(const envoyproto::ToRivet& message);
  void connect_later(Millis delay);
  void end_if_done();
  void give_up_if_away(std::chrono::nanoseconds since);
  void acknowledge(const envoyproto::ActorCheckpoint& command);
  template <class Answer>
  void settle(Waiting<Answer>& waiting, std::uint32_t id, const Answer* answer);

  void on(const envoyproto::ToEnvoyInit& init);
  void on(const envoyproto::ToEnvoyCommands& message);
  void on(const envoyproto::ToEnvoyAckEvents& message);
  void on(const envoyproto::ToEnvoyPing& ping) { say(envoyproto::ToRivetPong{ping.ts}); }
  void on(const envoyproto::ToEnvoyKvResponse& answer) { settle(kv_, answer.request_id, &answer.data); }
  void on(const envoyproto::ToEnvoySqliteGetPagesResponse& answer) { settle(reads_, answer.request_id, &answer.data); }
  void on(const envoyproto::ToEnvoySqliteCommitResponse& answer) { settle(commits_, answer.request_id, &answer.data); }
  void on(const envoyproto::ToEnvoyTunnelMessage& message);
  /// Answers to what is never asked.
  template <class Other>
  void on(const Other&) {}

  void request_begins(const ExchangeId& id, const envoyproto::ToEnvoyRequestStart& start);
  void request_goes_on(const ExchangeId& id, const envoyproto::ToEnvoyRequestChunk& chunk);

  EnvoyWorld& world_;
  const std::string key_;
  const envoyproto::Version version_;
  const Started started_;
  std::shared_ptr<SimLink> link_;
  bool alive_ = true, paused_ = false, stopping_ = false;
  std::vector<std::function<void()>> held_;
  int attempts_ = 0;
  /// When the connection was last lost.
  std::chrono::nanoseconds away_since_{0};
  Millis lost_threshold_{10'000};
  std::map<Generation, std::shared_ptr<SimEnvoyActor>> actors_;
  std::map<Generation, Told> told_;
  /// The newest command of each generation that was confirmed or is being carried out.
  std::map<Generation, std::int64_t> commands_;
  std::map<ExchangeId, std::shared_ptr<Exchange>> bodies_;
  std::uint32_t last_request_ = 0;
  Waiting<envoyproto::KvResponseData> kv_;
  Waiting<envoyproto::SqliteGetPagesResponse> reads_;
  Waiting<envoyproto::SqliteCommitResponse> commits_;
};

}  // namespace troupe::sim
