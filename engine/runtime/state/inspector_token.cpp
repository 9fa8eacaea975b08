#include "engine/runtime/state/inspector_token.h"

#include <array>

#include "engine/base/codec/json.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::array<std::uint8_t, 1> kTokenKvKey{0x03};

}  // namespace

std::string make_inspector_token(Random& random) {
  std::array<std::uint8_t, kTokenBytes> secret{};
  random.fill(secret);
  return encode_base64url(secret);
}

Bytes inspector_token_key(const ActorId& id) { return keys::actor_kv(id, kTokenKvKey); }

}  // namespace troupe
