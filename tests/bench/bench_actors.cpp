// Actors for the measures that the demo actors are too small for, as a library of `troupe start --actors`.
#include <troupe/plugin.h>

#include <limits>

namespace {

using namespace troupe;

struct Inbox {
  std::int64_t taken = 0;
  TROUPE_FIELDS(taken)
};

/// Takes what is sent to it.
Task<Result<void>> take_all(Inbox& inbox, Context<Inbox>& c) {
  const auto queue = c.queue();
  for (;;) {
    TROUPE_CO_TRY(auto message, co_await queue.next<std::int64_t>({}));
    if (message) ++inbox.taken;
  }
}

/// Holds whatever comes.
ActorOptions boundless() {
  ActorOptions options;
  options.max_queue_size = std::numeric_limits<std::size_t>::max();
  return options;
}

/// Sends a body back as it comes in.
Task<Result<HttpResponse>> send_back(Context<None>&, HttpRequest request) {
  HttpResponse response;
  response.body = std::move(request.body);
  response.stream = std::move(request.stream);
  co_return response;
}

}  // namespace

TROUPE_ACTORS(registry) {
  registry.add(actor<Inbox>("inbox").queue<std::int64_t>("post").run(&take_all));
  registry.add(actor("pile").options(boundless()).queue<std::int64_t>("post"));
  registry.add(actor("pipe").on_request(&send_back));
}
