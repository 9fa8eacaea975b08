#include "engine/placement/wait_graph.h"

#include <deque>
#include <unordered_set>

#include "engine/base/errors.h"
#include "engine/base/key.h"

namespace troupe {
namespace {

std::string text_of(const std::string& name, const std::vector<std::string>& key) {
  return key.empty() ? name : name + "/" + display_key(key);
}

std::string text_of(const CallFrame& frame) { return text_of(frame.name, frame.key); }

/// The actors from `first` to the innermost one, outermost first.
std::vector<std::string> chain_from(const CallFrame& innermost, const ActorId& first) {
  std::vector<std::string> texts;
  for (const auto* frame = &innermost; frame != nullptr; frame = frame->caller.get()) {
    texts.insert(texts.begin(), text_of(*frame));
    if (frame->actor == first) break;
  }
  return texts;
}

Error deadlock(std::vector<std::string> circle) {
  Value::Array path;
  for (auto& text : circle) path.emplace_back(std::move(text));
  return make_error("actor", "call_deadlock", Value::object({{"path", Value(std::move(path))}}));
}

}  // namespace

bool WaitGraph::binds(const CallFrame& frame) const {
  const auto transition = transition_of_(frame.actor);
  if (transition.generation != frame.generation) return false;
  return transition.kind == Transition::Kind::stopping ||
         (transition.kind == Transition::Kind::starting && frame.blocks_start);
}

std::optional<WaitGraph::Way> WaitGraph::way_back(const ActorId& at, const CallFrame& path) const {
  struct Step {
    ActorId actor;
    std::vector<std::string> texts;
  };
  std::unordered_set<ActorId> seen{at};
  std::deque<Step> open{{at, {}}};
  while (!open.empty()) {
    Step step = std::move(open.front());
    open.pop_front();
    for (const auto* frame = &path; frame != nullptr; frame = frame->caller.get())
      if (frame->actor == step.actor && binds(*frame)) return Way{step.actor, std::move(step.texts)};
    const auto [begin, end] = edges_.equal_range(step.actor);
    for (auto edge = begin; edge != end; ++edge) {
      const auto& next = edge->second;
      if (seen.contains(next.target) || !binds(*next.frame)) continue;
      seen.insert(next.target);
      Step further{next.target, step.texts};
      further.texts.push_back(next.target_text);
      open.push_back(std::move(further));
    }
  }
  return std::nullopt;
}

Result<WaitGraph::Wait> WaitGraph::enter(const std::shared_ptr<const CallFrame>& path, const ActorId& target,
                                         const std::string& name, const std::vector<std::string>& key) {
  if (!path) return Wait();
  const auto target_text = text_of(name, key);
  const std::lock_guard lock(mutex_);
  if (auto way = way_back(target, *path)) {
    auto circle = chain_from(*path, way->end);
    circle.push_back(target_text);
    circle.insert(circle.end(), way->texts.begin(), way->texts.end());
    return deadlock(std::move(circle));
  }
  const auto id = ++last_;
  auto& sources = sources_[id];
  for (auto frame = path; frame; frame = frame->caller) {
    sources.push_back(frame->actor);
    edges_.emplace(frame->actor, Edge{id, frame, target, target_text});
  }
  return Wait(*this, id);
}

void WaitGraph::leave(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(id);
  if (found == sources_.end()) return;
  for (const auto& source : found->second) {
    auto [edge, end] = edges_.equal_range(source);
    while (edge != end) edge = edge->second.wait == id ? edges_.erase(edge) : std::next(edge);
  }
  sources_.erase(found);
}

}  // namespace troupe
