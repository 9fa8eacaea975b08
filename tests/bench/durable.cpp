// Writes that are acknowledged only after an fsync, beside what the disk does with one fsync for each write, and
// queue messages beside RocksDB's own writes, which share fsyncs as ours do.
#include <fcntl.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

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

constexpr int kWriters = 16;

double rocksdb_puts_per_second(const std::string& directory, double seconds) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, directory, &opened).ok()) return 0;
  const std::unique_ptr<rocksdb::DB> db(opened);
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::duration<double>(seconds);
  std::atomic<std::uint64_t> written{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer)
    writers.emplace_back([&, writer] {
      rocksdb::WriteOptions durable;
      durable.sync = true;
      const std::string value(64, 'v');
      for (int i = 0; std::chrono::steady_clock::now() < end; ++i)
        if (db->Put(durable, std::to_string(writer) + "/" + std::to_string(i), value).ok()) ++written;
    });
  for (auto& writer : writers) writer.join();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(written) / taken.count();
}

/// Messages per second to 64 actors of that kind.
double sends_per_second(const Daemon& daemon, const std::string& kind, const std::string& round, double seconds) {
  std::vector<std::string> sends;
  for (int i = 0; i < 64; ++i) {
    const auto id = make_actor(daemon.port, kind, "queue-" + round + "-" + std::to_string(i));
    sends.push_back(http_request("POST", "/gateway/" + id + "/queue/post",
                                 "content-type: application/json\r\nx-rivet-encoding: json\r\n", R"({"body":1})"));
  }
  Load load;
  load.port = daemon.port;
  load.connections = kWriters;
  load.seconds = seconds;
  load.request = [&](std::uint64_t i) -> const std::string& { return sends[i % sends.size()]; };
  const auto outcome = run_load(load);
  if (outcome.failures != 0) print_row("failures", std::to_string(outcome.failures), "", {}, "none");
  return outcome.rate();
}

void bench_queue(const Options& options) {
  TempDirectory data;
  Daemon daemon(options.troupe, data.path(), {}, {"--actors", options.actors});
  daemon.process.wait_listening(daemon.port);
  std::vector<double> puts, sends, sends_taken;
  for (int i = 0; i < options.rounds; ++i) {
    const auto round = std::to_string(i);
    puts.push_back(rocksdb_puts_per_second(data.path() + "/rocksdb-" + round, options.seconds));
    sends.push_back(sends_per_second(daemon, "pile", round, options.seconds));
    sends_taken.push_back(sends_per_second(daemon, "inbox", round, options.seconds));
  }
  print_head("Queues (yardstick: RocksDB puts of 16 threads, in groups)");
  const auto print = [&](const char* title, const std::vector<double>& rates, const char* goal) {
    print_row(title, format_rate(median(rates)), format_rate(median(puts)), median(rates) / median(puts), goal);
  };
  print("send, 16 connections", sends, ">= 0.50");
  print("  while the actors take them", sends_taken, "");
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
  bench_queue(options);
}

}  // namespace bench
