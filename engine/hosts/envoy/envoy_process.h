#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/hosts/envoy/envoy_actor.h"
#include "engine/hosts/envoy/envoy_gate.h"
#include "engine/hosts/envoy/envoy_link.h"
#include "engine/hosts/envoy/envoy_settings.h"

namespace troupe {

/// One envoy process over all its connections: its actors, the commands it has not confirmed and the events it has
/// told. Threads: any. Blocks: never. Lifetime: shared; in the registry while it is connected, has actors, or has to be
/// told that it lost some.
class EnvoyProcess final : public EnvoyLink, public std::enable_shared_from_this<EnvoyProcess> {
 public:
  using ActorPtr = std::shared_ptr<EnvoyActor>;

  EnvoyProcess(Ports ports, const EnvoySettings& settings, NamespaceId ns, std::string key);

  const NamespaceId namespace_id;

  // EnvoyLink
  const std::string& key() const override { return key_; }
  envoyproto::Version version() const override;
  bool connected() const override;
  std::uint64_t connection() const override;
  bool send(const envoyproto::ToEnvoy& message) override;
  std::size_t buffered_bytes() const override;
  Task<void> wait_drained() override;
  void actor_missing(const ActorId& actor, std::uint32_t generation) override;

  // -- connections --
  struct Attached {
    /// Of the new connection.
    std::uint64_t connection = 0;
    /// The connection whose place it takes.
    std::shared_ptr<EnvoyWire> evicted;
    /// Actors that the envoy may not have any more, because it may have ended them while nobody listened.
    std::vector<ActorPtr> uncertain;
  };
  /// Sends what a connection begins with: the limits, then every command that has not been confirmed.
  Attached attach(const EnvoyHello& hello, std::shared_ptr<EnvoyWire> wire);
  /// False: that connection is not the present one.
  bool detach(std::uint64_t connection);
  std::shared_ptr<EnvoyWire> wire() const;
  void ping();
  void pong(std::int64_t sent_ms);
  /// Since the last pong, or the start of the connection, but for what is excused.
  std::chrono::nanoseconds silence() const;
  /// For so long it could not be heard.
  void excuse(std::chrono::nanoseconds time);

  // -- what is known of it --
  std::string pool() const;
  std::uint32_t deployed_version() const;
  /// It has said that it stops and is given no actors any more.
  bool stopping() const;
  void set_stopping();
  std::int64_t create_ts() const { return create_ts_; }
  std::int64_t last_ping_ts() const;
  std::uint32_t last_rtt_ms() const;
  std::optional<std::string> metadata() const;
  void set_metadata(std::string json);
  std::size_t actor_count() const;
  std::vector<ActorPtr> actors() const;
  ActorPtr find(const ActorId& id, std::uint32_t generation) const;
  /// The engine ends: the actors go on without it.
  void let_go();
  /// Nobody needs it any more: not connected, no actors, nothing left to say.
  bool idle() const;

  // -- commands --
  /// Adds the actor and has it started.
  void order_start(const ActorPtr& actor, std::vector<envoyproto::HibernatingRequest> hibernating);
  /// Adds an actor that was started in another way: by a request to its endpoint, or by an earlier engine.
  void add_unasked(const ActorPtr& actor);
  void adopt(const ActorPtr& actor);
  void order_stop(const EnvoyActor& actor, envoyproto::StopActorReason reason);
  /// Takes the actor out and has the envoy told that it is lost, now or when it comes back.
  void give_up(const EnvoyActor& actor);
  /// The same for a generation of which nothing is known here.
  void refuse(const ActorId& id, std::uint32_t generation);
  void commands_received(const ActorId& id, std::uint32_t generation, std::int64_t index);
  void forget_fences();

  // -- events --
  /// Whether the event is new; remembers it. An alarm may come behind later events of other kinds: over a new
  /// connection an envoy may report something before it repeats what the engine has not confirmed.
  bool take_event(const EnvoyActor& actor, std::int64_t index, const envoyproto::Event& event);
  /// Takes out an actor that has stopped. False: it was not there.
  bool remove(const EnvoyActor& actor);

 private:
  struct Command {
    std::int64_t index = 0;
    envoyproto::Command inner;
    /// Connection over which it was last sent; 0 = never.
    std::uint64_t sent = 0;
  };
  struct Hosted {
    ActorPtr actor;
    std::int64_t last_command = 0;
    std::int64_t last_event = -1;
    std::int64_t last_alarm = -1;
    /// By index.
    std::vector<Command> unconfirmed;
    bool stop_ordered = false;
    /// Known from the record only.
    bool adopted = false;
  };
  struct Fence {
    std::int64_t index = 0;
    std::uint64_t sent = 0;
  };
  using FenceKey = std::pair<std::string, std::uint32_t>;

  /// The next run with `mutex_` held.
  void deliver(const EnvoyActor& actor, Command& command);
  void fence(const ActorId& id, std::uint32_t generation, std::int64_t index);
  Hosted* hosted(const ActorId& id, std::uint32_t generation);
  std::vector<ActorPtr> take_uncertain();
  std::vector<envoyproto::CommandWrapper> unconfirmed_commands();

  Ports ports_;
  const EnvoySettings settings_;
  const std::string key_;
  const std::int64_t create_ts_;

  mutable std::mutex mutex_;
  std::string pool_;
  std::uint32_t deployed_version_ = 0;
  envoyproto::Version protocol_ = 0;
  std::shared_ptr<EnvoyWire> wire_;
  std::uint64_t connection_ = 0;
  std::chrono::nanoseconds left_at_{0};
  bool stopping_ = false;
  std::optional<std::string> metadata_;
  std::chrono::nanoseconds heard_at_{0};
  std::int64_t last_ping_ts_ = 0;
  std::uint32_t last_rtt_ms_ = 0;
  std::unordered_map<ActorId, Hosted> actors_;
  std::map<FenceKey, Fence> fences_;
};

}  // namespace troupe
