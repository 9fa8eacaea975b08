#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/runtime/calls/call_origin.h"
#include "troupe/result.h"

namespace troupe {

/// What an actor is in the middle of while no generation of it takes calls.
struct Transition {
  enum class Kind { none, starting, stopping };
  Kind kind = Kind::none;
  std::uint32_t generation = 0;
};

/// Finds calls between actors that could never be answered.
///
/// The actions of an actor interleave, so that A may call B while B calls A: a running actor never keeps a call
/// waiting. A call waits only for an actor that starts or stops, until the next generation is ready. That is for ever
/// when the start or stop itself waits for the call:
/// - the start of an actor waits for its hooks, and a hook for the calls it makes;
/// - the stop waits for everything the generation still does, and that for its calls.
/// So the graph has an edge from each actor whose start or stop waits for a call to the actor which that call waits
/// for. A call that would close a circle is refused. Circles of which no call chain contains more than a part are
/// found, too: two actors whose start hooks call each other, say.
///
/// A circle closes only with a call that begins to wait, never with an actor that begins to start or stop: nobody waits
/// for it yet. So one check at the beginning of each wait is enough.
/// Threads: any. Bound: one entry for each frame of each call that waits.
class WaitGraph {
 public:
  explicit WaitGraph(std::function<Transition(const ActorId&)> transition_of)
      : transition_of_(std::move(transition_of)) {}

  /// A call that waits; ends with the object.
  class Wait {
   public:
    Wait() = default;
    Wait(WaitGraph& graph, std::uint64_t id) : graph_(&graph), id_(id) {}
    Wait(Wait&& other) noexcept : graph_(std::exchange(other.graph_, nullptr)), id_(other.id_) {}
    Wait& operator=(Wait&& other) noexcept {
      std::swap(graph_, other.graph_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Wait() {
      if (graph_ != nullptr) graph_->leave(id_);
    }

   private:
    WaitGraph* graph_ = nullptr;
    std::uint64_t id_ = 0;
  };

  /// A call that took `path` begins to wait for `target`, whose name is given for the error.
  /// Errors: `actor.call_deadlock` with the circle as `path`: "name/key" of each actor, the first one again at the end.
  Result<Wait> enter(const std::shared_ptr<const CallFrame>& path, const ActorId& target, const std::string& name,
                     const std::vector<std::string>& key);

 private:
  struct Edge {
    std::uint64_t wait = 0;
    std::shared_ptr<const CallFrame> frame;
    ActorId target;
    std::string target_text;
  };

  /// From one actor to another whose start or stop waits for a chain of calls.
  struct Way {
    ActorId end;
    /// Of the actors after the first, the last one included.
    std::vector<std::string> texts;
  };

  /// Whether the start or stop of the frame's actor waits for its call.
  bool binds(const CallFrame& frame) const;
  std::optional<Way> way_back(const ActorId& at, const CallFrame& path) const;
  void leave(std::uint64_t id);

  const std::function<Transition(const ActorId&)> transition_of_;
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  /// By the actor of the frame.
  std::unordered_multimap<ActorId, Edge> edges_;
  std::unordered_map<std::uint64_t, std::vector<ActorId>> sources_;
};

}  // namespace troupe
