// The engine inside a program: counts how often it has been started, in an actor.
#include <troupe/embed.h>

#include <cstdio>
#include <cstring>

namespace {

struct Counter {
  std::int64_t count = 0;
  TROUPE_FIELDS(count)
};

int fail(const troupe::Error& error) {
  std::fprintf(stderr, "%s: %s %s\n", error.id().c_str(), error.message().c_str(), error.detail().c_str());
  return 1;
}

}  // namespace

// usage: embedded DATA_DIRECTORY [--listen]: with --listen it serves clients until it reads a line.
int main(int argc, char** argv) {
  troupe::Registry registry;
  registry.add(troupe::actor<Counter>("counter").action(
      "increment", [](Counter& state, std::int64_t n) { return state.count += n; }));

  troupe::EngineOptions options;
  options.data_directory = argc > 1 ? argv[1] : "data";
  const bool listen = argc > 2 && std::strcmp(argv[2], "--listen") == 0;
  if (listen) options.port = 0;

  auto engine = troupe::EmbeddedEngine::start(std::move(registry), std::move(options));
  if (!engine) return fail(engine.error());

  const auto starts = engine->call_and_wait<std::int64_t>({"counter", {"starts"}}, "increment", 1);
  if (!starts) return fail(starts.error());
  std::printf("started %lld times\n", static_cast<long long>(*starts));

  if (listen) {
    std::printf("listening on port %u\n", engine->port());
    std::fflush(stdout);
    (void)std::getchar();
  }
  engine->stop();
  return 0;
}
