#pragma once

#include <memory>

#include "engine/runtime/actor_instance.h"
#include "troupe/http.h"

namespace troupe {

/// The inspector of the actors of this process, as their HTTP front sees it; implemented by inspector/.
/// Threads: any. Lifetime: shared by the host and its actors.
class LocalInspector {
 public:
  virtual ~LocalInspector() = default;
  /// Answers a request whose path begins with `/inspector/`. Errors: `actor.stopping` and its kin when nothing of the
  /// request has run and its body was not read; everything else is an answer.
  virtual Task<Result<HttpResponse>> fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request) = 0;
};

}  // namespace troupe
