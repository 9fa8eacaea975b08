#include "engine/hosts/host.h"

#include "engine/base/errors.h"

namespace troupe {

Task<Result<std::shared_ptr<ActorSocket>>> HostedActor::resume_websocket(HibernatingSocket, std::uint16_t) {
  co_return make_error("connection", "restore_not_found");
}

Task<Result<void>> HostedActor::closed_asleep(HibernatingSocket, std::uint16_t, std::string) {
  co_return Result<void>();
}

Task<Result<QueueSent>> HostedActor::send(QueueSend) { co_return make_error("guard", "service_unavailable"); }

}  // namespace troupe
