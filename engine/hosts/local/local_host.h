#pragma once

#include <functional>
#include <memory>

#include "engine/base/ports.h"
#include "engine/base/running_code.h"
#include "engine/hosts/host.h"
#include "engine/hosts/local/inspector_port.h"
#include "engine/storage/actors/actor_store.h"
#include "troupe/behavior.h"

namespace troupe {

/// How an actor reaches other actors: ActorContext::call and ActorContext::send.
class ActorCaller {
 public:
  using Call = std::function<Task<Result<Bytes>>(NamespaceId ns, ActorAddress to, std::string action, Bytes args,
                                                 CallOrigin origin)>;
  using Send = std::function<Task<Result<QueueSent>>(NamespaceId ns, ActorAddress to, QueueSend message)>;

  ActorCaller() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, ActorCaller>) ActorCaller(F call, Send send = nullptr)
      : call_(std::move(call)), send_(std::move(send)) {}

  Task<Result<Bytes>> operator()(NamespaceId ns, ActorAddress to, std::string action, Bytes args,
                                 CallOrigin origin) const {
    return call_(ns, std::move(to), std::move(action), std::move(args), std::move(origin));
  }
  Task<Result<QueueSent>> send(NamespaceId ns, ActorAddress to, QueueSend message) const {
    return send_(ns, std::move(to), std::move(message));
  }

 private:
  Call call_;
  Send send_;
};

/// Runs the actors of `registry` in this process. `call` reaches other actors (ActorContext::call); without
/// `inspector` nobody may inspect them; `watch` hears of handlers that hold a thread.
std::shared_ptr<Host> make_local_host(Ports ports, ActorStore& store, std::shared_ptr<const Registry> registry,
                                      ActorCaller call, std::shared_ptr<LocalInspector> inspector = nullptr,
                                      std::shared_ptr<const StallWatch> watch = nullptr);

}  // namespace troupe
