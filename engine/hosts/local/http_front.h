#pragma once

#include "engine/hosts/local/front_route.h"
#include "engine/runtime/actor_instance.h"

/// The HTTP routes that reach the actor's code. Errors: as `front_fetch`.
namespace troupe {

/// `POST /action/{name}`.
Task<Result<HttpResponse>> action_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request, std::string name);
/// `POST /queue/{name}`.
Task<Result<HttpResponse>> queue_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request, std::string name);
/// `/request…`; `target` is what the actor's code sees.
Task<Result<HttpResponse>> raw_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request, std::string target);

/// The answers that need no code of the actor.
HttpResponse builtin_answer(const ActorInfo& actor, const HttpRequest& request, FrontRoute::Kind kind);

HttpResponse method_not_allowed(const ActorInfo& actor, const HttpRequest& request);

}  // namespace troupe
