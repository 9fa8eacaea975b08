// Writes that are acknowledged only after an fsync, beside what the disk does with one fsync for each write.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "api.h"
#include "load.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

double fsyncs_per_second(const std::string& directory, double seconds) {
  const int fd = ::open((directory + "/fsync").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  const std::string record(128, 'r');
  const auto begin = std::chrono::steady_clock::now();
  int count = 0;
  for (;;) {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (taken.count() >= seconds || ::write(fd, record.data(), record.size()) < 0 || ::fdatasync(fd) != 0) {
      ::close(fd);
      return count / taken.count();
    }
    ++count;
  }
}

}  // namespace

void bench_durable(const Options& options) {
  TempDirectory data;
  Daemon daemon(options.troupe, data.path());
  daemon.process.wait_listening(daemon.port);
  std::vector<std::string> puts;
  for (int i = 0; i < 64; ++i) {
    const auto id = make_actor(daemon.port, "store", "durable-" + std::to_string(i));
    // put("k", "value")
    puts.push_back(action_request(id, "put", std::string("\x04\x00\x09\x82\x61k\x65value", 12)));
  }

  print_head("Durable writes (yardstick: one fdatasync each)");
  const auto yardstick = fsyncs_per_second(data.path(), options.seconds);
  for (const int connections : {1, 16, 64}) {
    Load load;
    load.port = daemon.port;
    load.connections = connections;
    load.seconds = options.seconds;
    load.request = [&](std::uint64_t i) -> const std::string& { return puts[i % puts.size()]; };
    const auto outcome = run_load(load);
    if (outcome.failures != 0) print_row("failures", std::to_string(outcome.failures), "", {}, "none");
    print_row("kv put, " + std::to_string(connections) + " connections", format_rate(outcome.rate()),
              format_rate(yardstick), outcome.rate() / yardstick, "");
  }
}

}  // namespace bench
