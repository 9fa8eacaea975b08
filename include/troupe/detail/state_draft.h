#pragma once

#include <concepts>
#include <memory>
#include <utility>

#include "troupe/detail/instance.h"

namespace troupe::detail {

/// `actor.state_transaction_conflict`.
Error state_conflict();

/// Marks that a handler has a transaction with state open; false when it had one already.
class OpenTransaction {
 public:
  explicit OpenTransaction(std::shared_ptr<bool> open) : open_(std::move(open)), first_(!std::exchange(*open_, true)) {}
  OpenTransaction(const OpenTransaction&) = delete;
  ~OpenTransaction() {
    if (first_) *open_ = false;
  }
  explicit operator bool() const { return first_; }

 private:
  const std::shared_ptr<bool> open_;
  const bool first_;
};

/// A copy of the state of a TypedInstance that may become the state.
template <class Typed, class S>
class StateDraft final : public StateChange {
 public:
  /// Throws BadResult with the error of on_state_change, which hears of what was changed before.
  explicit StateDraft(Typed& instance) : instance_(instance), draft_(copy(instance)), seen_(instance.changes()) {}

  S& state() { return draft_; }

  Result<Bytes> serialize() final {
    TROUPE_CHECK(check_unchanged());
    return encode(draft_);
  }
  Result<void> apply() final {
    TROUPE_CHECK(check_unchanged());
    std::swap(instance_.state, draft_);
    auto settled = instance_.settle_state();
    if (!settled) undo();
    return settled;
  }
  void undo() final {
    std::swap(instance_.state, draft_);
    (void)instance_.settle_state();
  }

 private:
  static S copy(Typed& instance) {
    if (auto settled = instance.settle_state(); !settled) throw BadResult(std::move(settled).error());
    if constexpr (std::copy_constructible<S>)
      return instance.state;
    else
      return decode<S>(encode(instance.state), "state").value();
  }
  Result<void> check_unchanged() {
    TROUPE_CHECK(instance_.settle_state());
    if (instance_.changes() != seen_) return state_conflict();
    return {};
  }

  Typed& instance_;
  S draft_;
  const std::uint64_t seen_;
};

}  // namespace troupe::detail
