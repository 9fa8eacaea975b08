#pragma once

#include <atomic>
#include <string>

#include "engine/envoystore/byte_budget.h"
#include "engine/envoystore/envoy_store.h"

namespace troupe {

class EnvoyStorePeer {
 public:
  EnvoyStorePeer(NamespaceId id, std::string name, const EnvoyStoreSettings& settings)
      : namespace_id(id),
        namespace_name(std::move(name)),
        budget(std::make_shared<ByteBudget>(settings.bytes_in_flight_max_per_envoy, settings.waiting_max_per_envoy)) {}

  const NamespaceId namespace_id;
  const std::string namespace_name;
  const std::shared_ptr<ByteBudget> budget;
  std::atomic<bool> disconnected{false};
};

}  // namespace troupe
