#pragma once

#include "engine/runtime/calls/call_origin.h"
#include "troupe/behavior.h"

namespace troupe {

/// A running action, as the scope of the calls that its code makes.
class ActionScope : public CallScope {
 public:
  /// The origin of these calls.
  virtual CallOrigin outgoing() = 0;
};

}  // namespace troupe
