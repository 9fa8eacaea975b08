// Requests per second and latency of actions, over HTTP and WebSocket, beside a bare Beast server that answers as many
// bytes. Both servers run at the same time on as many threads; the rounds alternate.
#include "api.h"
#include "load.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

struct Pair {
  Load ours, bare;
};

void measure(const Options& options, const std::string& what, const Pair& pair, const std::string& goal,
             const Process& daemon) {
  std::vector<double> ours, bare, ratios, ours_p50, ours_p99, bare_p50, cpu;
  for (int round = 0; round < options.rounds; ++round) {
    const double before = daemon.cpu_seconds();
    const auto a = run_load(pair.ours);
    cpu.push_back((daemon.cpu_seconds() - before) * 1e6 / static_cast<double>(a.requests));
    const auto b = run_load(pair.bare);
    if (a.failures != 0 || b.failures != 0)
      print_row(what, std::to_string(a.failures) + " failures", std::to_string(b.failures) + " failures", {}, "none");
    ours.push_back(a.rate());
    bare.push_back(b.rate());
    ratios.push_back(a.rate() / b.rate());
    ours_p50.push_back(a.percentile_us(0.5));
    ours_p99.push_back(a.percentile_us(0.99));
    bare_p50.push_back(b.percentile_us(0.5));
  }
  print_row(what, format_rate(median(ours)), format_rate(median(bare)), median(ratios), goal);
  print_row("  p50 (p99 " + format_us(median(ours_p99)) + ", CPU " + format_us(median(cpu)) + ")",
            format_us(median(ours_p50)), format_us(median(bare_p50)), median(ours_p50) / median(bare_p50), "");
}

}  // namespace

void bench_throughput(const Options& options) {
  TempDirectory data;
  Daemon daemon(options.troupe, data.path());
  daemon.process.wait_listening(daemon.port);

  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(make_actor(daemon.port, "counter", "bench-" + std::to_string(i)));

  std::vector<std::string> increments;
  for (const auto& id : ids) increments.push_back(action_request(id, "increment", kIncrementBody));
  const auto get = action_request(ids[0], "get", kNoArgumentsBody);
  const auto by_key =
      http_request("POST",
                   "/gateway/counter/action/increment?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default"
                   "&rvt-key=bench-0&rvt-crash-policy=sleep",
                   kClientHeaders, kIncrementBody);

  // The yardstick answers as many body and header bytes.
  const auto sample = http_exchange(daemon.port, increments[0]);
  const auto body_bytes = body_of(sample).size();
  const auto bare_port = free_port();
  const std::size_t head_bytes = sample.size() - body_bytes;
  Process bare({options.bare, std::to_string(bare_port), "2", std::to_string(body_bytes),
                std::to_string(head_bytes > 130 ? head_bytes - 130 : 1)});
  bare.wait_listening(bare_port);

  print_head("HTTP action (bare Beast answers as many bytes)");
  for (const int connections : {1, 16, 64}) {
    const std::string suffix = ", " + std::to_string(connections) + " connections";
    Load load;
    load.seconds = options.seconds;
    load.connections = connections;
    auto yardstick = load;
    yardstick.port = bare_port;
    yardstick.request = [&](std::uint64_t) -> const std::string& { return increments[0]; };
    load.port = daemon.port;
    load.request = yardstick.request;
    measure(options, "increment, one actor" + suffix, {load, yardstick}, connections == 16 ? ">= 0.60" : "",
            daemon.process);
    load.request = [&](std::uint64_t i) -> const std::string& { return increments[i % increments.size()]; };
    measure(options, "increment, 1000 actors" + suffix, {load, yardstick}, connections == 16 ? ">= 0.55" : "",
            daemon.process);
    if (connections != 16) continue;
    load.request = [&](std::uint64_t) -> const std::string& { return get; };
    measure(options, "get (reads only), one actor" + suffix, {load, yardstick}, "", daemon.process);
    load.request = [&](std::uint64_t) -> const std::string& { return by_key; };
    measure(options, "increment by key" + suffix, {load, yardstick}, "", daemon.process);
  }

  print_head("WebSocket action (bare Beast echoes)");
  // ActionRequest 7 "increment" [1].
  const auto frame = websocket_frame(true, std::string("\x04\x00\x00\x07\x09increment\x02\x81\x01", 17));
  for (const int connections : {1, 16, 64}) {
    Load load;
    load.seconds = options.seconds;
    load.connections = connections;
    load.request = [&](std::uint64_t) -> const std::string& { return frame; };
    auto yardstick = load;
    yardstick.port = bare_port;
    yardstick.upgrade = websocket_upgrade("/", "rivet");
    load.port = daemon.port;
    load.upgrade = websocket_upgrade("/gateway/" + ids[0] + "/connect", "rivet, rivet_encoding.bare, rivet_token.x");
    load.greeting_frames = 1;
    measure(options, "increment, one actor, " + std::to_string(connections) + " sockets", {load, yardstick},
            connections == 16 ? ">= 0.60" : "", daemon.process);
  }
}

}  // namespace bench
