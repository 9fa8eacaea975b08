#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/ports.h"
#include "engine/storage/store.h"
#include "tests/sim/sim_random.h"

namespace troupe::sim {

using Rows = std::map<Bytes, Bytes>;

/// What a crash takes away.
enum class Loss {
  /// The process: what was handed to the operating system stays.
  process,
  /// The machine: of what was not synced any prefix stays.
  power,
};

/// Deliberate defects, each of which a checker has to notice.
struct StoreDefects {
  /// Answers a commit before it is applied, so that a crash in between loses it.
  bool answers_too_soon = false;
  /// Claims a sync that did not happen.
  bool skips_sync = false;
  /// Forgets the entries of the alarm index.
  bool drops_alarms = false;
  /// Applies half of a batch when it crashes.
  bool tears_batches = false;
  /// Writes the record of an actor once and never again.
  bool freezes_records = false;
  /// Does not store the connections of an actor.
  bool forgets_connections = false;
  /// Does not erase them.
  bool keeps_connections = false;
};

struct StoreFaults {
  /// In percent of all calls.
  unsigned commit_fails = 0;
  unsigned sync_fails = 0;
  unsigned delays = 20;
  std::int64_t delay_ms_max = 8;
};

/// A store in memory with the durability of a real one: commits reach the operating system in order, syncs are shared
/// and take time, and calls fail or are slow as chance has it. Threads: the one of its world.
/// Crash points, in the order in which a commit passes them: `commit.begin`, `commit.applied`, `sync.begin`,
/// `sync.end`.
class SimStore final : public Store {
 public:
  /// `at_point` hears the name of every crash point that is passed.
  SimStore(Ports ports, Rows rows, StoreFaults faults, StoreDefects defects, std::uint64_t seed,
           std::function<void(const char*)> at_point);
  ~SimStore() override;

  Task<Result<std::optional<Bytes>>> get(Bytes key) override;
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override;
  Result<std::vector<std::optional<Bytes>>> get_many_now(const std::vector<Bytes>& keys) override;
  Task<Result<std::uint64_t>> approximate_bytes(Bytes begin, Bytes end) override;
  Task<Result<std::vector<StoreEntry>>> scan(Bytes begin, Bytes end, ScanOptions options) override;
  Task<Result<void>> commit(WriteBatch batch, Ack ack) override;

  /// What a crash now would leave.
  Rows survivors(Loss loss);
  /// From now on nothing is slow and nothing fails, so that what is left of the process can be taken apart.
  void calm();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace troupe::sim
