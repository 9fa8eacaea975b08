#include "engine/runtime/calls/call.h"

#include "engine/runtime/instance/instance.h"

namespace troupe {

CallBase::CallBase(std::shared_ptr<Instance> actor, Traffic traffic, const char* operation, bool* began)
    : actor_(std::move(actor)), operation_(operation), began_(began), traffic_(traffic), ack_(actor_->default_ack()) {}

CallBase::~CallBase() = default;

void CallBase::change_work(Work work) {
  actor_->begin_work(work);
  actor_->end_work(std::exchange(work_, work));
}

void CallBase::suspended() {
  suspended_ = true;
  if (limit_ && !answered()) limit(*limit_);
}

void CallBase::limit(Millis time) {
  limit_ = time;
  if (!suspended_) return;
  actor_->deadlines().arm(deadline_, time, [this] { fail(make_error("actor", "action_timed_out")); });
}

std::optional<std::chrono::nanoseconds> CallBase::ends_at() const {
  if (deadline_.armed()) return deadline_.at();
  if (!limit_) return std::nullopt;
  return actor_->ports().clock.monotonic() + bounded(*limit_);
}

void CallBase::unlimit() {
  limit_.reset();
  deadline_.cancel();
}

void CallBase::log_hidden(const Error& error) const {
  std::string where = operation_;
  if (const auto name = handler(); name != where) where.append(" ").append(name);
  actor_->log_hidden(where, error);
}

void CallBase::leave() {
  began_ = nullptr;
  limit_.reset();
  deadline_.cancel();
  if (admitted_) unlink();
  auto conn = std::exchange(temporary_, nullptr);
  if (conn && admitted_) actor_->drop(conn);
  actor_->call_left(*this, admitted_);
}

}  // namespace troupe
