#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/envoyproto/messages.h"
#include "engine/hosts/tunnel_stats.h"
#include "troupe/behavior.h"
#include "troupe/result.h"

namespace troupe {

/// What a process says of itself when it connects as an envoy. Checked by the caller for form only.
struct EnvoyHello {
  std::string namespace_name;
  std::string pool;
  /// One for each start of the process, kept over reconnects.
  std::string key;
  /// Of what is deployed there; actors go to the highest.
  std::uint32_t version = 1;
  envoyproto::Version protocol = envoyproto::kMaxVersion;
};

/// One connection to an envoy, as the engine sees it. Threads: any. Blocks: never. Lifetime: shared.
class EnvoyWire {
 public:
  virtual ~EnvoyWire() = default;
  /// Queues a message; false when the connection is closed.
  virtual bool send(const envoyproto::ToEnvoy& message) = 0;
  virtual std::size_t buffered_bytes() const = 0;
  virtual Task<void> wait_drained() = 0;
  /// Sends what is queued, then says why and closes.
  virtual void close(Error why) = 0;
};

/// The engine's end of one connection. Calls do not overlap.
class EnvoySession {
 public:
  virtual ~EnvoySession() = default;
  /// Handles a message; the next one is read when the task is done. An error is why the connection has to be closed.
  virtual Task<Result<void>> receive(envoyproto::ToRivet message) = 0;
  /// The connection is over; `goodbye`: the envoy closed it in order. Called once, last.
  virtual void closed(bool goodbye) = 0;
};

/// Where envoys come in. Threads: any.
class EnvoyGate {
 public:
  virtual ~EnvoyGate() = default;
  /// Messages may be sent over `wire` before this returns. Errors: `namespace.not_found`, `ws.no_runner_config`,
  /// `ws.going_away`.
  virtual Result<std::shared_ptr<EnvoySession>> connect(EnvoyHello hello, std::shared_ptr<EnvoyWire> wire) = 0;
  /// What goes on between here and all envoys.
  virtual TunnelStats tunnel_stats() const { return {}; }
};

}  // namespace troupe
