#pragma once

#include <optional>
#include <string>

namespace bench {

struct Options {
  /// Two programs and a library of actors.
  std::string troupe, bare, actors;
  double seconds = 2;
  /// Interleaved repetitions; the median counts.
  int rounds = 3;
};

void print_head(const std::string& title);
/// A row: what was measured, ours, the yardstick, their ratio and the goal it is held against.
void print_row(const std::string& what, const std::string& ours, const std::string& yardstick,
               std::optional<double> ratio, const std::string& goal);
std::string format_rate(double per_second);
std::string format_us(double microseconds);
std::string format_bytes(double bytes);

void bench_throughput(const Options& options);
void bench_lifecycle(const Options& options);
void bench_capacity(const Options& options);
void bench_durable(const Options& options);
void bench_alarms(const Options& options);
void bench_streaming(const Options& options);
void bench_sockets(const Options& options);

}  // namespace bench
