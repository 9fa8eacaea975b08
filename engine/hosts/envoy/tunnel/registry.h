#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/hosts/envoy/tunnel/conversation.h"

namespace troupe {

/// All conversations, by their id and by the generation they belong to.
/// Threads: any. Blocks: never. Bound: `conversations_max`; generations are bounded by the actors that run.
class ConversationRegistry {
 public:
  enum class Added {
    yes,
    /// Yes, but it has missed that the generation is about to be told to stop.
    stopping_meanwhile,
    generation_stopping,
    generation_over,
    full,
  };

  explicit ConversationRegistry(std::size_t conversations_max) : conversations_max_(conversations_max) {}

  /// What is left of an earlier generation whose end was not told. Does nothing for one that is known.
  std::vector<std::shared_ptr<Conversation>> start_generation(const EnvoyActorAddress& generation);
  /// From now on the generation is given only what can join a stopping one. What it has.
  std::vector<std::shared_ptr<Conversation>> stop_generation(const ActorId& actor, std::uint32_t generation);
  /// What was left of it, unless another generation has taken its place.
  std::vector<std::shared_ptr<Conversation>> end_generation(const ActorId& actor, std::uint32_t generation);

  /// Takes the place of a conversation of the same id; `replaced` is that one.
  Added add(const std::shared_ptr<Conversation>& conversation, std::shared_ptr<Conversation>* replaced = nullptr);
  /// Does nothing when another conversation has taken its place.
  void remove(const Conversation& conversation);
  std::shared_ptr<Conversation> find(ConversationId id);
  /// Walks over everything.
  std::vector<std::shared_ptr<Conversation>> of_link(const EnvoyLink& link);

  /// Forgets everything, and takes nothing any more: every generation is over. What there was.
  std::vector<std::shared_ptr<Conversation>> close();

  /// Requests and WebSockets.
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  std::size_t websockets() const { return websockets_.load(std::memory_order_relaxed); }

 private:
  struct Generation {
    std::uint32_t number = 0;
    bool stopping = false;
    std::unordered_map<ConversationId, std::shared_ptr<Conversation>> conversations;
  };
  struct ActorShard {
    std::mutex mutex;
    std::unordered_map<ActorId, Generation> generations;
  };
  struct IdShard {
    std::mutex mutex;
    std::unordered_map<ConversationId, std::shared_ptr<Conversation>> conversations;
  };
  static constexpr std::size_t kShards = 64;

  ActorShard& shard_of(const ActorId& actor) { return actor_shards_[std::hash<ActorId>{}(actor) % kShards]; }
  IdShard& shard_of(ConversationId id) { return id_shards_[(id ^ id >> 32) % kShards]; }
  /// Why its generation cannot have it; or yes.
  Added may_join(const Conversation& conversation);
  /// False when it was not there any more.
  bool erase_id(const Conversation& conversation);
  /// It has left its place in an `IdShard`.
  void count_out(const Conversation& conversation);
  std::vector<std::shared_ptr<Conversation>> erase_ids_of(Generation generation);

  const std::size_t conversations_max_;
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> size_{0};
  /// Of `size_`.
  std::atomic<std::size_t> websockets_{0};
  // A thread holds one lock at a time.
  std::array<ActorShard, kShards> actor_shards_;
  std::array<IdShard, kShards> id_shards_;
};

}  // namespace troupe
