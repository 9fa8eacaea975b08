#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/hosts/envoy/envoy_host_impl.h"

/// An actor that stops while its envoy is away, or whose notice goes down with a connection, is never heard of again:
/// the envoy does not repeat what it has told of actors that it no longer has. So it is asked.
namespace troupe {
namespace {

/// Questions under way at a time, for one envoy.
constexpr std::size_t kAtATime = 32;

struct Question {
  std::shared_ptr<EnvoyProcess> process;
  std::vector<std::shared_ptr<EnvoyActor>> actors;
  std::atomic<std::size_t> next{0};
};

Task<void> ask(std::shared_ptr<Question> question) {
  for (;;) {
    const std::size_t i = question->next.fetch_add(1);
    if (i >= question->actors.size() || !question->process->connected()) co_return;
    const auto actor = question->actors[i];
    if (actor->finished()) continue;
    // What RivetKit answers by itself; only that there is an answer counts.
    HttpRequest request;
    request.method = "GET";
    request.target = "/health";
    auto answer = co_await actor->fetch(std::move(request));
    if (answer && answer->stream) answer->stream->cancel();
  }
}

}  // namespace

void EnvoyHostImpl::look_for(const ProcessPtr& process, std::vector<std::shared_ptr<EnvoyActor>> actors) {
  if (actors.empty()) return;
  auto question = std::make_shared<Question>();
  question->process = process;
  question->actors = std::move(actors);
  const std::size_t workers = std::min(kAtATime, question->actors.size());
  for (std::size_t i = 0; i < workers; ++i) {
    auto body = [question] { return ask(question); };
    boost::asio::co_spawn(parts_.ports.io, std::move(body), boost::asio::detached);
  }
}

}  // namespace troupe
