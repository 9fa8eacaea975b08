#pragma once

#include <memory>

#include "gateway/http/admission.h"
#include "gateway/http/body_budget.h"
#include "gateway/http/connection_set.h"
#include "gateway/http/server.h"
#include "gateway/proxy/actor_proxy.h"

namespace troupe {

/// What all connections of a server share. Outlives them.
struct GatewayContext {
  GatewayContext(const Ports& p, const ServerSettings& s, Engine& e, ManagementApi& m)
      : ports(p),
        settings(s),
        engine(e),
        management(m),
        proxy(p, e, ProxySettings{s.retry_attempts_max, s.retry_delay, s.route_dispatch_timeout}),
        admission(std::make_shared<Admission>(p, s.admission_target, s.admission_interval)),
        bodies(s.request_bodies_max),
        connections(std::make_shared<ConnectionSet>()) {}

  const Ports ports;
  const ServerSettings settings;
  Engine& engine;
  ManagementApi& management;
  ActorProxy proxy;
  const std::shared_ptr<Admission> admission;
  BodyBudget bodies;
  const std::shared_ptr<ConnectionSet> connections;
};

}  // namespace troupe
