#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/hosts/envoy/envoy_tunnel.h"
#include "engine/hosts/host.h"

namespace troupe {

class EnvoyProcess;

/// One generation of an actor that an envoy runs, or is going to run. Commands and checkpoints are kept by the process;
/// what is here is guarded by the process it is at, but for the constants.
class EnvoyActor final : public HostedActor, public std::enable_shared_from_this<EnvoyActor> {
 public:
  EnvoyActor(ActorRecord with, std::shared_ptr<HostEvents> told, std::shared_ptr<EnvoyTunnel> tunnel,
             std::function<void(const EnvoyActor&)> ended)
      : record(std::move(with)), events(std::move(told)), tunnel_(std::move(tunnel)), ended_(std::move(ended)) {}

  /// Of the start. Constant.
  const ActorRecord record;
  const std::shared_ptr<HostEvents> events;
  /// Counts towards the limit of its pool. Set before it is shared.
  bool in_limited_pool = false;

  /// Where it is going to be. Before it is shared.
  void place(std::shared_ptr<EnvoyProcess> process) { process_ = std::move(process); }
  /// Null until an envoy of a serverless pool reports the actor.
  std::shared_ptr<EnvoyProcess> process() const;
  /// Gives the actor its process. False: it has one, or the generation has ended.
  bool bind(const std::shared_ptr<EnvoyProcess>& process);
  /// The generation is over. True the first time.
  bool finish();
  bool finished() const;

  // HostedActor
  void stop(StopReason reason) override;
  void abandon() override;
  Task<Result<HttpResponse>> fetch(HttpRequest request) override;
  Task<Result<OpenedSocket>> open_websocket(HttpRequest upgrade, std::shared_ptr<RelayedSocket> socket) override;
  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(HibernatingSocket socket,
                                                              std::uint16_t next_index) override;
  Task<Result<void>> closed_asleep(HibernatingSocket socket, std::uint16_t code, std::string reason) override;
  Task<Result<Bytes>> call(std::string action, Bytes args) override;
  Task<Result<QueueSent>> send(QueueSend message) override;

 private:
  std::optional<EnvoyActorAddress> address() const;
  void order_stop(EnvoyProcess& at, envoyproto::StopActorReason reason);

  std::shared_ptr<EnvoyTunnel> tunnel_;
  /// Called once, when the generation is over.
  const std::function<void(const EnvoyActor&)> ended_;
  mutable std::mutex mutex_;
  std::shared_ptr<EnvoyProcess> process_;
  bool finished_ = false;
  /// Ordered before it was known where the actor is.
  std::optional<envoyproto::StopActorReason> early_stop_;
};

envoyproto::StopActorReason stop_reason(StopReason reason);

}  // namespace troupe
