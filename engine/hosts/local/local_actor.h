#pragma once

#include <map>
#include <mutex>

#include "engine/hosts/host.h"
#include "engine/hosts/local/inspector_port.h"
#include "engine/hosts/local/local_host.h"

namespace troupe {

using InstanceFactory = std::function<std::shared_ptr<ActorInstance>(ActorInstance::Config)>;

/// What all actors of a local host share. Immutable.
struct LocalWorld {
  Ports ports;
  ActorStore& store;
  std::shared_ptr<const Registry> registry;
  ActorCaller call;
  InstanceFactory make_instance;
  /// Null: nobody may inspect.
  std::shared_ptr<LocalInspector> inspector;
  /// By the names of the registry; may be empty.
  std::map<std::string, std::shared_ptr<const HandlerLabels>> labels = {};
};

std::shared_ptr<Host> make_local_host(std::shared_ptr<const LocalWorld> world);

/// What one instance says to the world: intents and calls while it lives, and how its generation went.
/// Threads: any. Lifetime: outlives the instance; lets go of the events at the end of the generation, which breaks the
/// circle placement -> actor -> instance -> placement.
class LocalLink final : public InstanceHost {
 public:
  LocalLink(std::shared_ptr<const LocalWorld> world, NamespaceId ns, std::shared_ptr<HostEvents> events)
      : world_(std::move(world)), ns_(ns), events_(std::move(events)) {}

  void sleep_intent() override;
  void destroy_intent() override;
  void crashed(std::string failure) override { stopped(std::move(failure)); }
  Task<Result<void>> set_alarm(std::optional<std::int64_t> at_ms, Ack ack) override;
  Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallOrigin origin) override;
  Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) override;

  /// Nothing is reported after `stopped`, and that only once.
  void running();
  void stopped(std::optional<std::string> failure);

 private:
  std::shared_ptr<HostEvents> events() const;

  const std::shared_ptr<const LocalWorld> world_;
  const NamespaceId ns_;
  mutable std::mutex mutex_;
  std::shared_ptr<HostEvents> events_;
};

/// One generation of an actor of this process, as the placement sees it.
class LocalActor final : public HostedActor {
 public:
  LocalActor(std::shared_ptr<const LocalWorld> world, std::shared_ptr<ActorInstance> instance,
             std::shared_ptr<LocalLink> link)
      : world_(std::move(world)), instance_(std::move(instance)), link_(std::move(link)) {}

  /// Starts in the background.
  void start();

  void stop(StopReason reason) override;
  Task<Result<HttpResponse>> fetch(HttpRequest request) override;
  Task<Result<OpenedSocket>> open_websocket(HttpRequest upgrade, std::shared_ptr<RelayedSocket> socket) override;
  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(HibernatingSocket socket,
                                                              std::uint16_t next_index) override;
  Task<Result<Bytes>> call(std::string action, Bytes args) override;
  Task<Result<QueueSent>> send(QueueSend message) override;
  Task<Result<Bytes>> call_from(CallOrigin origin, std::string action, Bytes args) override;
  bool limits_calls() const override { return true; }

 private:
  const std::shared_ptr<const LocalWorld> world_;
  const std::shared_ptr<ActorInstance> instance_;
  const std::shared_ptr<LocalLink> link_;
};

/// How the management API words a start that failed.
std::string start_failure_text(const ActorInfo& actor, const Error& error);

}  // namespace troupe
