#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "engine/hosts/envoy/envoy_gate.h"
#include "tests/sim/sim_envoy_world.h"

namespace troupe::sim {

class SimLink;

/// The envoy's end of a connection.
class LinkEnd {
 public:
  virtual ~LinkEnd() = default;
  /// Runs in order, and only while the process does.
  virtual void run_after(Millis delay, std::function<void()> work) = 0;
  virtual void heard(SimLink& link, envoyproto::ToEnvoy message) = 0;
  /// The process notices that the connection is over; `reason` is empty when it broke.
  virtual void lost(SimLink& link, const std::string& reason) = 0;
};

/// One connection between the engine and an envoy, in memory: bytes both ways, in order, with a delay, until it is
/// closed or breaks. Belongs to one life of the engine.
class SimLink final : public EnvoyWire, public std::enable_shared_from_this<SimLink> {
 public:
  SimLink(EnvoyWorld& world, std::shared_ptr<LinkEnd> envoy, envoyproto::Version version);

  /// Calls the engine. An error is why it refuses.
  Result<void> open(EnvoyHello hello);

  // The engine's side.
  bool send(const envoyproto::ToEnvoy& message) override;
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(Error why) override;

  // The envoy's side.
  void say(const envoyproto::ToRivet& message);
  /// Closes in order.
  void hang_up();

  /// Breaks: what is on the way is lost. Both ends notice soon.
  void tear();
  /// The same, but the engine notices nothing, and the envoy late.
  void vanish();
  /// The engine is dead, or the life is over.
  void cut();

 private:
  void deliver_to_envoy(const Bytes& frame);
  void deliver_to_engine(const Bytes& frame);
  /// Whether the connection breaks over a message; the message may yet arrive.
  bool breaks_over(const std::function<void()>& deliver);
  bool is_kept_back(envoyproto::ToEnvoy& message);
  bool is_answered_here(const envoyproto::ToRivet& message);
  void pump();

  EnvoyWorld& world_;
  const std::shared_ptr<LinkEnd> envoy_;
  const envoyproto::Version version_;
  std::shared_ptr<EnvoySession> session_;
  /// Messages arrive in the order in which they were sent.
  std::chrono::nanoseconds to_envoy_at_{0}, to_engine_at_{0};
  std::deque<envoyproto::ToRivet> arrived_;
  bool broken_ = false, closed_by_engine_ = false, receiving_ = false, over_ = false, goodbye_ = false;
};

}  // namespace troupe::sim
