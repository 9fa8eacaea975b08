#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/base/ports.h"

namespace troupe {

/// One client connection, as the server sees it. Threads: any; every call is carried out on the connection's strand.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  /// The deadline has passed, unless it moved meanwhile.
  virtual void expire() = 0;
  /// Ends once the running request is answered.
  virtual void drain() = 0;
  /// Ends now, politely where the protocol can.
  virtual void going_away() = 0;
  virtual void cut() = 0;

  std::chrono::nanoseconds deadline() const { return std::chrono::nanoseconds(deadline_ns_.load()); }

 protected:
  static constexpr std::int64_t kNever = INT64_MAX;
  std::atomic<std::int64_t> deadline_ns_{kNever};
};

/// The connections of a server, and their time limits. One tick serves all of them, so that a request costs no timer:
/// a limit is late by up to two ticks and never early.
/// Threads: any. Bound: `connections_max` of the server's settings, kept by its accept loop.
class ConnectionSet : public std::enable_shared_from_this<ConnectionSet> {
 public:
  /// Keeps a place in the set. Threads: one at a time.
  class Membership {
   public:
    Membership() = default;
    Membership(Membership&& other) noexcept = default;
    Membership& operator=(Membership&&) = delete;
    ~Membership();
    /// Gives the place up.
    void leave();
    /// Names who is told from now on.
    void set(const std::shared_ptr<ServerConnection>& connection);

   private:
    friend ConnectionSet;
    Membership(std::shared_ptr<ConnectionSet> set, std::uint64_t id) : set_(std::move(set)), id_(id) {}
    std::shared_ptr<ConnectionSet> set_;
    std::uint64_t id_ = 0;
  };

  /// Takes a place.
  Membership join();
  std::size_t size() const;

  /// The time as of the last tick.
  std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(now_ns_.load(std::memory_order_relaxed)); }
  /// A deadline in `limit` from now, in monotonic nanoseconds.
  std::int64_t deadline_in(Millis limit) const;
  void set_tick(Millis tick) { tick_ns_ = std::chrono::nanoseconds(tick).count(); }
  void tick(std::chrono::nanoseconds now);

  void for_each(const std::function<void(ServerConnection&)>& visit) const;
  /// Runs `fn` once when nobody is left, perhaps inside this call; replaces an earlier one.
  void on_empty(std::function<void()> fn);

  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::size_t> websockets{0};

 private:
  void remove(std::uint64_t id);

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::weak_ptr<ServerConnection>> members_;
  std::uint64_t next_id_ = 1;
  std::function<void()> on_empty_;
  std::atomic<std::int64_t> now_ns_{0};
  std::int64_t tick_ns_ = 0;
};

}  // namespace troupe
