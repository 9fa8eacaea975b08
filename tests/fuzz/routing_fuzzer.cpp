// Every request gets a target. What an actor gets to see starts with '/' and carries no routing parameter.
// Input: a byte of flags, then lines: the target, and headers as "name:value".

#include "check.h"
#include "engine/base/key.h"
#include "gateway/routing/query_params.h"
#include "gateway/routing/route.h"

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  if (input.empty()) return;
  const std::uint8_t flags = input[0];
  std::string_view text = as_text(input.subspan(1));
  const auto next_line = [&] {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
  };
  const std::string target = "/" + std::string(next_line());
  HttpHeaders headers;
  while (!text.empty()) {
    const std::string_view line = next_line();
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) headers.set(line.substr(0, colon), std::string(line.substr(colon + 1)));
  }

  const RouteRequest request{(flags & 1) != 0 ? "OPTIONS" : "GET", target, headers, (flags & 2) != 0};
  const Target routed = route(request, {(flags & 4) != 0});
  if (const auto* actor = std::get_if<ActorTarget>(&routed)) {
    FUZZ_CHECK(actor->path.starts_with('/'));
    const auto* query = std::get_if<ActorQuery>(&actor->actor);
    if (query) {
      const std::size_t question = actor->path.find('?');
      FUZZ_CHECK(question == std::string::npos || !has_actor_params(actor->path.substr(question + 1)));
      FUZZ_CHECK(!query->name.empty());
      FUZZ_CHECK(serialize_key(parse_key(query->key)) == query->key);
    }
  }
  if (const auto* refusal = std::get_if<Refusal>(&routed)) FUZZ_CHECK(!refusal->error.code().empty());
}
