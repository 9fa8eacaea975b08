// CPU time of a call from one actor to another, in one process, without clients: total CPU of the process over the
// number of calls. usage: troupe_call_bench [CALLS]
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "engine/base/real_ports.h"
#include "engine/engine.h"
#include "engine/storage/open.h"
#include "troupe/actor.h"

namespace {

using namespace troupe;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Task<Result<std::int64_t>> drive(Context<None>& c, std::int64_t calls) {
  const auto callee = c.actor("callee", "k");
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < calls; ++i) {
    auto answer = co_await callee.call<std::int64_t>("plus", i, 1);
    if (!answer) co_return answer.error();
    sum += *answer - i;
  }
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t calls = argc > 1 ? std::atoll(argv[1]) : 200'000;
  boost::asio::io_context io(1);
  const auto clock = make_system_clock();
  const auto timers = make_asio_timers();
  const auto random = make_system_random();
  const Ports ports{*clock, *timers, *random, io.get_executor(), io.get_executor()};
  const auto store = make_memory_store();
  auto directory = (std::filesystem::temp_directory_path() / "troupe-bench-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr) return 1;
  const auto actors = make_actor_store(ports, *store, directory, {});

  auto registry = std::make_shared<Registry>();
  ActorOptions options;
  options.action_timeout = std::chrono::hours(1);
  registry->add(actor("driver").options(options).action("drive", &drive));
  registry->add(actor("callee").action("plus", [](std::int64_t a, std::int64_t b) { return a + b; }));
  const auto engine = make_engine(ports, {}, *store, *actors, registry);

  auto measure = [&]() -> Task<void> {
    (void)co_await engine->start();
    const auto ns = engine->directory().find_namespace("default")->id;
    for (const std::int64_t n : {calls / 10, calls}) {
      const double before = cpu_seconds();
      ActorAddress driver{"driver", {"k"}};
      auto args = encode_cbor(Value::array({n}));
      auto done = co_await engine->call(ns, driver, "drive", args);
      const double used = cpu_seconds() - before;
      if (!done) {
        std::fprintf(stderr, "%s %s\n", done.error().id().c_str(), done.error().detail().c_str());
        std::exit(1);
      }
      if (n == calls)
        std::printf("call from actor to actor: %.2f us of CPU (%lld calls)\n", used / static_cast<double>(n) * 1e6,
                    static_cast<long long>(n));
    }
    co_await engine->stop();
  };
  boost::asio::co_spawn(io, measure, [](std::exception_ptr) {});
  io.run();
  std::filesystem::remove_all(directory);
  return 0;
}
