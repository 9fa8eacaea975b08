#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/ports.h"

/// Who holds a thread of the I/O pool at the moment, for finding code that holds one for too long.
namespace troupe {

struct CodeLabel;

/// Measures how long pieces of labelled code hold their thread. Threads: any. Lifetime: outlives the code.
class StallWatch {
 public:
  /// `report` hears of each piece that took longer than `threshold`, when it ends, on its thread. 0 = no watch.
  StallWatch(const Clock& clock, std::chrono::nanoseconds threshold,
             std::function<void(const CodeLabel&, std::chrono::nanoseconds)> report)
      : clock_(clock), threshold_(threshold), report_(std::move(report)) {}

  /// The code that has held a thread for longer than `limit` and still does, each piece once.
  void find_stuck(std::chrono::nanoseconds limit,
                  const std::function<void(const CodeLabel&, std::chrono::nanoseconds)>& found) const;

 private:
  friend class RunningCode;
  const Clock& clock_;
  const std::chrono::nanoseconds threshold_;
  const std::function<void(const CodeLabel&, std::chrono::nanoseconds)> report_;
};

/// A handler of a kind of actor. Lifetime: outlives the code that bears it.
struct CodeLabel {
  std::string actor, handler;
  std::shared_ptr<const StallWatch> watch;
};

/// A piece of code, from the time it gets the thread until it gives it back: ends or waits. Pieces nest when one
/// continues another within a call; each counts its own time. Without a label it is not measured, but not counted as
/// part of the piece around it either. Threads: one.
class RunningCode {
 public:
  explicit RunningCode(const CodeLabel* label) {
    if (label != nullptr || innermost_ != nullptr) enter(label);
  }
  ~RunningCode() {
    if (watch_ != nullptr) leave();
  }
  RunningCode(const RunningCode&) = delete;
  RunningCode& operator=(const RunningCode&) = delete;

  /// Of the innermost piece on this thread.
  static const CodeLabel* current();

 private:
  void enter(const CodeLabel* label);
  void leave();

  static constinit thread_local RunningCode* innermost_;

  /// Null: not measured.
  const StallWatch* watch_ = nullptr;
  const CodeLabel* label_ = nullptr;
  RunningCode* outer_ = nullptr;
  std::chrono::nanoseconds start_{}, others_{};
};

}  // namespace troupe
