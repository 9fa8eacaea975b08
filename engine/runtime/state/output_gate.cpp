#include "engine/runtime/state/output_gate.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/runtime/instance/instance.h"

namespace troupe {

bool OutputGate::open() const { return held_.empty() && actor_.settled(); }

bool OutputGate::hold(std::size_t bytes, std::function<void()> out) {
  if (bytes_ + bytes > kHeldBytesMax && !held_.empty()) return false;
  push({kUnsealed, actor_.output_ack(), Kind::message, bytes, std::move(out)});
  return true;
}

void OutputGate::hold_end(std::function<void()> out) { push({kUnsealed, Ack::written, Kind::end, 0, std::move(out)}); }

void OutputGate::hold_ack(std::function<void()> out) { push({kUnsealed, Ack::written, Kind::ack, 0, std::move(out)}); }

void OutputGate::push(Held held) {
  bytes_ += held.bytes;
  held_.push_back(std::move(held));
  plan_flush();
}

void OutputGate::settle() {
  if (held_.empty()) return;
  actor_.note_changes();
  seal();
  committed();
}

void OutputGate::seal() {
  const auto now = actor_.saver().revision();
  for (auto held = held_.rbegin(); held != held_.rend() && held->revision == kUnsealed; ++held) held->revision = now;
}

void OutputGate::committed() {
  // What is let out may end connections, which comes back here.
  if (std::exchange(releasing_, true)) return;
  while (!held_.empty() && held_.front().revision != kUnsealed &&
         actor_.saver().covers(held_.front().revision, held_.front().need)) {
    auto held = std::move(held_.front());
    held_.pop_front();
    bytes_ -= held.bytes;
    held.out();
  }
  releasing_ = false;
  if (!held_.empty()) plan_flush();
}

void OutputGate::plan_flush() {
  if (std::exchange(flushing_, true)) return;
  // Later: the code that runs now may change more, and all of it is to be one commit.
  boost::asio::post(actor_.executor(), [actor = actor_.self()] { actor->gate().flush(); });
}

void OutputGate::flush() {
  settle();
  if (held_.empty()) {
    flushing_ = false;
    return;
  }
  actor_.detach(commit_held(actor_.self()));
}

Task<void> OutputGate::commit_held(std::shared_ptr<Instance> actor) {
  auto& gate = actor->gate_;
  while (!gate.held_.empty()) {
    auto committed = co_await actor->saver().commit(gate.strongest_need());
    // A later success of the saver, which tries again by itself, plans the next flush.
    if (!committed) break;
    gate.settle();
  }
  gate.flushing_ = false;
}

Ack OutputGate::strongest_need() const {
  const bool durable =
      std::any_of(held_.begin(), held_.end(), [](const Held& held) { return held.need == Ack::durable; });
  return durable ? Ack::durable : Ack::written;
}

void OutputGate::finish(bool all) {
  seal();
  committed();
  std::size_t dropped = 0;
  for (auto& held : std::exchange(held_, {})) {
    if (all || held.kind == Kind::end) {
      held.out();
    } else if (held.kind == Kind::message) {
      ++dropped;
    }
  }
  bytes_ = 0;
  if (dropped > 0)
    spdlog::error("actor {}: {} messages are not sent, because what they tell of could not be saved",
                  actor_.info().actor_id, dropped);
}

}  // namespace troupe
