#pragma once

#include "engine/base/errors.h"

namespace troupe {

/// Whether whoever waited for an actor learns that it has ended, so that its key is free for the next one. Of errors of
/// finding and acquiring an actor only: an actor may answer the same about another one.
inline bool has_ended(const Error& error) {
  return error.is("actor", "destroyed_while_waiting_for_ready") || error.is("actor", "not_found");
}

}  // namespace troupe
