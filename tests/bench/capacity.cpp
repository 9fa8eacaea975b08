// Memory and start-up with many actors. TROUPE_BENCH_ACTORS sets how many are stored (default 100,000).
#include <chrono>
#include <cstdlib>
#include <thread>

#include "api.h"
#include "load.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

void create_actors(std::uint16_t port, const std::string& name, const std::string& prefix, std::uint64_t count) {
  std::string request;
  Load load;
  load.port = port;
  load.connections = 32;
  load.seconds = 3600;
  load.requests_max = count;
  load.request = [&](std::uint64_t i) -> const std::string& {
    request = make_actor_request(name, prefix + std::to_string(i));
    return request;
  };
  const auto outcome = run_load(load);
  if (outcome.failures != 0) print_row("failed creates", std::to_string(outcome.failures), "", {}, "none");
}

void settle() { std::this_thread::sleep_for(std::chrono::seconds(3)); }

}  // namespace

void bench_capacity(const Options& options) {
  const char* wanted = std::getenv("TROUPE_BENCH_ACTORS");
  const std::uint64_t stored = wanted ? std::strtoull(wanted, nullptr, 10) : 100'000;
  // The first ones fill the caches, which are bounded; the rest show what one more costs.
  constexpr std::uint64_t kFirst = 20'000, kResident = 60'000;
  const std::vector<std::string> fast{"RIVET__TROUPE__DURABILITY=os"};
  TempDirectory data;
  double idle = 0;

  print_head("Capacity");
  {
    Daemon daemon(options.troupe, data.path(), fast);
    daemon.process.wait_listening(daemon.port);
    settle();
    idle = static_cast<double>(daemon.process.resident_bytes());
    const double before = daemon.process.cpu_seconds();
    std::this_thread::sleep_for(std::chrono::seconds(5));
    print_row("idle memory", format_bytes(idle), "40.0 MiB", idle / (40 << 20), "<= 1.00");
    print_row("idle CPU, % of a core", std::to_string((daemon.process.cpu_seconds() - before) / 5 * 100), "0.5", {},
              "<= 0.5");
    create_actors(daemon.port, "counter", "first-", kFirst);
    settle();
    const double filled = static_cast<double>(daemon.process.resident_bytes());
    create_actors(daemon.port, "counter", "resident-", kResident - kFirst);
    settle();
    const double each = (static_cast<double>(daemon.process.resident_bytes()) - filled) / (kResident - kFirst);
    print_row("memory of a resident actor", format_bytes(each), "4096 B", each / 4096, "<= 1.00");
    daemon.process.terminate();
  }
  {
    Daemon daemon(options.troupe, data.path(), fast);
    daemon.process.wait_listening(daemon.port);
    // These sleep by themselves after 1.5 s.
    create_actors(daemon.port, "account", "stored-", stored);
    settle();
    settle();
    daemon.process.terminate();
  }
  {
    Daemon daemon(options.troupe, data.path(), fast);
    const auto begin = std::chrono::steady_clock::now();
    daemon.process.wait_listening(daemon.port);
    const auto id = make_actor(daemon.port, "account", "stored-" + std::to_string(stored / 2));
    http_exchange(daemon.port, action_request(id, "read", kNoArgumentsBody));
    const std::chrono::duration<double, std::milli> first = std::chrono::steady_clock::now() - begin;
    print_row("start to first reply, " + std::to_string(stored + kResident) + " stored actors",
              std::to_string(static_cast<int>(first.count())) + " ms", "200 ms", first.count() / 200, "<= 1.00");
    settle();
    const double each =
        (static_cast<double>(daemon.process.resident_bytes()) - idle) / static_cast<double>(stored + kResident);
    print_row("memory of a sleeping actor", format_bytes(each), "200 B", each / 200, "<= 1.00");
    daemon.process.terminate();
  }
}

}  // namespace bench
