#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/envoyproto/messages.h"
#include "tests/sim/sim_envoy_world.h"

namespace troupe::sim {

class SimEnvoy;

/// One request at an actor of an envoy.
struct Exchange {
  envoyproto::GatewayId gateway{};
  envoyproto::RequestId request{};
  std::uint16_t next_index = 0;
  std::string path;
  std::size_t body_bytes = 0;
  bool streams = false;
  /// Who it is for, while its body comes.
  std::string actor_id;
  std::uint32_t generation = 0;
};

/// One generation of an actor at an envoy. It keeps a sheet, in pages, to which each request and each alarm adds an
/// entry, and key-value entries beside it; one thing after the other. Falls asleep soon.
/// Requests: `/note/N`, `/put/N`, `/alarm/N/MS` and `/read`.
class SimEnvoyActor : public std::enable_shared_from_this<SimEnvoyActor> {
 public:
  /// `key`: name and key.
  SimEnvoyActor(EnvoyWorld& world, SimEnvoy& envoy, envoyproto::ActorCheckpoint start, std::string key,
                std::uint32_t instance);

  const std::string& id() const { return id_; }
  const std::string& key() const { return key_; }
  std::uint32_t generation() const { return generation_; }
  bool asked_to_sleep() const { return wants_sleep_; }

  void begin();
  void request(std::shared_ptr<Exchange> exchange);
  /// Does what is asked already, and ends.
  void stop();
  /// The same when the engine has given it up: it tries to save something first.
  void save_and_stop();
  /// Ends without a word.
  void drop() { over_ = true; }

 private:
  void load(std::size_t committed);
  void list(std::size_t put);
  void run();
  void crash(const std::string& why);
  /// The next thing to do, if nothing is under way.
  void go_on();
  void act(const Exchange& exchange);
  void add(SheetEntry entry) { sheet_.push_back(entry); }
  /// Writes the sheet, then goes on with `then`.
  void commit(std::function<void()> then);
  void fire_alarms();
  void watch_alarm();
  std::optional<std::int64_t> next_alarm_ms() const;
  void tell_alarm();
  void consider_sleep();
  void answer(const Exchange& exchange, std::string body);
  std::string reading() const;
  /// Runs only while the actor is there.
  void later(Millis delay, void (SimEnvoyActor::*what)());

  EnvoyWorld& world_;
  SimEnvoy& envoy_;
  const std::string id_, key_;
  const std::uint32_t generation_, instance_;
  /// Also has its writes refused when somebody else has written.
  const bool checks_head_;
  std::vector<SheetEntry> sheet_;
  std::set<std::uint32_t> entries_;
  /// The sheet as it was last written.
  Bytes written_;
  std::size_t written_entries_ = 0;
  std::uint64_t head_ = 0;
  std::deque<std::shared_ptr<Exchange>> waiting_;
  bool running_ = false, acting_ = false, over_ = false, stopping_ = false, wants_sleep_ = false, alarm_due_ = false,
       must_save_ = false;
  /// Counts what it has done, so that idleness can be told.
  std::uint64_t done_ = 0;
};

}  // namespace troupe::sim
