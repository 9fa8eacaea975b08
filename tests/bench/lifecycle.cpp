// Creating and waking actors, beside a warm action of the same daemon.
#include <chrono>
#include <cmath>

#include "api.h"
#include "load.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

double exchange_us(std::uint16_t port, const std::string& request) {
  const auto begin = std::chrono::steady_clock::now();
  http_exchange(port, request);
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

void bench_lifecycle(const Options& options) {
  TempDirectory data;
  Daemon daemon(options.troupe, data.path());
  daemon.process.wait_listening(daemon.port);
  constexpr int kActors = 300;

  print_head("Lifecycle (yardstick: warm action, new connection)");
  std::vector<double> create, warm, wake;
  std::vector<std::string> ids;
  for (int i = 0; i < kActors; ++i) {
    const auto key = "lifecycle-" + std::to_string(i);
    create.push_back(exchange_us(
        daemon.port, http_request("POST",
                                  "/gateway/counter/action/increment?rvt-namespace=default&rvt-method=getOrCreate"
                                  "&rvt-runner=default&rvt-key=" +
                                      key,
                                  kClientHeaders, kIncrementBody)));
    ids.push_back(make_actor(daemon.port, "counter", key));
    warm.push_back(exchange_us(daemon.port, action_request(ids.back(), "increment", kIncrementBody)));
  }
  for (const auto& id : ids) put_to_sleep(daemon.port, id);
  for (const auto& id : ids) wake.push_back(exchange_us(daemon.port, action_request(id, "increment", kIncrementBody)));
  warm.clear();
  for (const auto& id : ids) warm.push_back(exchange_us(daemon.port, action_request(id, "increment", kIncrementBody)));

  print_row("create + first action (2 fsyncs)", format_us(median(create)), format_us(median(warm)),
            median(create) / median(warm), "");
  print_row("wake + first action", format_us(median(wake)), format_us(median(warm)), median(wake) / median(warm),
            "<= 3.00");
}

}  // namespace bench
