#pragma once

#include <cstdint>
#include <functional>
#include <list>

#include "engine/runtime/state/state_saver.h"

namespace troupe {

class Instance;

/// Holds back what would leave the actor, events and messages on raw sockets, until the changes that it could reveal
/// are committed; then lets it out in order. Open, and free of charge, while nothing is changed and uncommitted.
///
/// What changed is known for certain only when the code of the actor pauses. So whatever comes while it runs is held
/// until then: up to a `seal`, which fixes what a held thing has to wait for.
/// Threads: the actor's executor only. Bound: kHeldBytesMax, then `hold` refuses.
class OutputGate {
 public:
  static constexpr std::size_t kHeldBytesMax = 4u << 20;

  explicit OutputGate(Instance& actor) : actor_(actor) {}

  /// Whether something can leave right now.
  bool open() const;
  /// Lets `out` run later, and sees to it that there will be a commit. False: too much is held already.
  bool hold(std::size_t bytes, std::function<void()> out);
  /// The same for the end of a connection, which takes no room and comes even if the commit never does.
  void hold_end(std::function<void()> out);
  /// The same for the word that a client's message is handled, which takes no room either.
  void hold_ack(std::function<void()> out);
  bool holding() const { return !held_.empty(); }

  /// What an answer waits for that has to come behind everything that is held, and needs `own` itself.
  Ack need_of_answer(Ack own) const { return own == Ack::durable ? own : strongest_need(); }

  /// The code of the actor pauses: lets out what has nothing to wait for.
  void settle();
  /// A commit takes everything up to now.
  void seal();
  /// A commit has succeeded.
  void committed();
  /// The actor is over. What could not be committed is dropped unless `all`, but for the ends of connections.
  void finish(bool all);

 private:
  enum class Kind { message, ack, end };
  struct Held {
    std::uint64_t revision;
    Ack need;
    Kind kind;
    std::size_t bytes;
    std::function<void()> out;
  };
  static constexpr std::uint64_t kUnsealed = UINT64_MAX;

  void push(Held held);
  void plan_flush();
  void flush();
  static Task<void> commit_held(std::shared_ptr<Instance> actor);
  Ack strongest_need() const;

  Instance& actor_;
  /// A list, because an empty one costs an idle actor nothing.
  std::list<Held> held_;
  std::size_t bytes_ = 0;
  bool flushing_ = false;
  bool releasing_ = false;
};

}  // namespace troupe
