#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "engine/base/ports.h"

namespace troupe::sim {

/// What is going to happen outside the engine. Its time runs in the world it is attached to and stands still between
/// two lives, but for the gap that the next one names.
class Agenda {
 public:
  using Work = std::function<void()>;

  /// Work for the same moment is done in the order in which it was added.
  void after(Millis delay, Work work);
  void attach(const Ports& ports, Millis gap);
  void detach();
  std::chrono::nanoseconds now() const;

 private:
  void arm();
  void run();

  std::optional<Ports> ports_;
  std::unique_ptr<Timer> timer_;
  std::chrono::nanoseconds passed_{0}, attached_at_{0};
  std::multimap<std::chrono::nanoseconds, Work> due_;
  bool running_ = false;
};

}  // namespace troupe::sim
