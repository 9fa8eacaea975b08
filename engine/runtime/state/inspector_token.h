#pragma once

#include <string>

#include "engine/base/id.h"
#include "engine/base/ports.h"

/// The secret that opens the inspector of one actor. Kept with the actor's key-value entries outside the part that its
/// code sees, where the management API reads it (`GET /actors/{id}/kv/keys/Aw==`). Source: inspector of
/// RivetKit 2.3.19.
namespace troupe {

/// 32 random bytes as base64url without padding.
std::string make_inspector_token(Random& random);

/// The row that holds the token's text.
Bytes inspector_token_key(const ActorId& id);

}  // namespace troupe
