#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/sim/sim_run.h"

namespace {

using namespace troupe::sim;

void print(std::uint64_t seed, const Report& report) {
  std::printf("seed %llu: %llu answers, %llu crashes\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.crashes));
  std::fputs(report.log.c_str(), stdout);
  for (const auto& violation : report.violations) std::printf("VIOLATION %s\n", violation.c_str());
}

/// Runs seeds until one breaks a promise. Returns how many did.
std::uint64_t run_seeds(std::uint64_t first, std::uint64_t count, const std::string& variant) {
  std::uint64_t acknowledged = 0, crashes = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Report report = run(seed, variant);
    acknowledged += report.acknowledged;
    crashes += report.crashes;
    if (report.violations.empty()) continue;
    print(seed, report);
    std::printf("again with: ./dev sim --seed %llu\n", static_cast<unsigned long long>(seed));
    return 1;
  }
  std::printf("%llu seeds, %llu answers kept over %llu crashes\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(crashes));
  return 0;
}

/// Every checker has to notice the defect that is made for it.
int prove_checkers(std::uint64_t seeds_max) {
  int missed = 0;
  for (const auto& variant : variants()) {
    bool noticed = false;
    for (std::uint64_t seed = 1; seed <= seeds_max && !noticed; ++seed) {
      for (const auto& violation : run(seed, variant.name).violations)
        noticed = noticed || violation.starts_with(variant.checker);
      if (noticed)
        std::printf("%s: noticed by \"%s\" at seed %llu\n", variant.name.data(), variant.checker.data(),
                    static_cast<unsigned long long>(seed));
    }
    if (!noticed) std::printf("%s: NOT noticed by \"%s\"\n", variant.name.data(), variant.checker.data());
    missed += noticed ? 0 : 1;
  }
  return missed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates the whole engine on one thread: virtual time, faults, crashes"};
  std::uint64_t seed = 0, first = 1, seeds = 1'000, seeds_max = 200;
  std::string variant;
  bool prove = false;
  auto* one = app.add_option("--seed", seed, "Runs this one and tells what happened");
  app.add_option("--first", first, "First of many seeds");
  app.add_option("--seeds", seeds, "How many seeds");
  app.add_option("--variant", variant, "With a deliberate defect");
  app.add_flag("--prove", prove, "Checks that every checker notices its defect");
  app.add_option("--seeds-max", seeds_max, "How many seeds a checker may take to notice");
  CLI11_PARSE(app, argc, argv);
  // Injected faults would fill the log.
  spdlog::set_level(spdlog::level::off);
  if (prove) return prove_checkers(seeds_max);
  if (one->count() == 0) return run_seeds(first, seeds, variant) == 0 ? 0 : 1;
  const Report report = run(seed, variant);
  print(seed, report);
  return report.violations.empty() ? 0 : 1;
}
