#include "engine/clientproto/items.h"

#include "engine/base/errors.h"
#include "troupe/cbor.h"

namespace troupe::clientproto {

bool is_one_item(BytesView bytes) {
  CborReader reader(bytes);
  reader.skip();
  return reader.ok() && reader.at_end();
}

Error malformed(std::string_view why) { return make_error("core", "internal_error", std::nullopt, std::string(why)); }

}  // namespace troupe::clientproto
