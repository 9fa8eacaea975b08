#include "engine/hosts/envoy/tunnel/read_body.h"

#include <utility>

namespace troupe {

Task<Result<std::optional<Bytes>>> read_body(std::shared_ptr<BodyStream> stream, std::size_t bytes_max) {
  Bytes body;
  for (;;) {
    TROUPE_CO_TRY(auto piece, co_await stream->read());
    if (!piece) co_return std::optional<Bytes>(std::move(body));
    if (body.size() + piece->size() > bytes_max) {
      stream->cancel();
      co_return std::optional<Bytes>();
    }
    if (body.empty())
      body = std::move(*piece);
    else
      body.insert(body.end(), piece->begin(), piece->end());
  }
}

}  // namespace troupe
