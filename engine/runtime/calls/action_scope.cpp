#include "engine/runtime/calls/action_scope.h"

#include "engine/runtime/instance/instance.h"

namespace troupe {

std::shared_ptr<AbortSignal> ActionScope::signal() const {
  if (!signal_) {
    signal_ = std::make_shared<AbortSignal>();
    if (aborted_) signal_->abort();
  }
  return signal_;
}

CallOrigin ActionScope::outgoing() {
  if (!frame_) {
    frame_ = actor_.own_frame();
    if (auto from = caller()) {
      auto frame = std::make_shared<CallFrame>(*frame_);
      frame->caller = std::move(from);
      frame_ = std::move(frame);
    }
  }
  return {frame_, latest_end(), signal()};
}

void ActionScope::give_up() {
  mark_aborted();
  if (signal_) signal_->abort();
  actor_.abort_delays_of(this);
}

}  // namespace troupe
