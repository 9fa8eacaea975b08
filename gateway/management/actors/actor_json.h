#pragma once

#include <string>

#include "engine/directory/records.h"
#include "gateway/management/http/api_call.h"

namespace troupe::management {

/// The actor object of the API.
Json actor_json(const ActorRecord& actor, const std::string& datacenter);
/// The `error` of an actor: a bare text, or an object with one member.
Json failure_json(const ActorFailure& failure);
Json namespace_json(const NamespaceRecord& record);

}  // namespace troupe::management
