#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include "table.h"

int main(int argc, char** argv) {
  bench::Options options;
  std::set<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--troupe" && i + 1 < argc)
      options.troupe = argv[++i];
    else if (word == "--bare" && i + 1 < argc)
      options.bare = argv[++i];
    else if (word == "--actors" && i + 1 < argc)
      options.actors = argv[++i];
    else if (word == "--seconds" && i + 1 < argc)
      options.seconds = std::stod(argv[++i]);
    else if (word == "--rounds" && i + 1 < argc)
      options.rounds = std::stoi(argv[++i]);
    else
      wanted.insert(word);
  }
  const std::map<std::string, std::function<void(const bench::Options&)>> all{
      {"throughput", bench::bench_throughput}, {"lifecycle", bench::bench_lifecycle},
      {"capacity", bench::bench_capacity},     {"durable", bench::bench_durable},
      {"streaming", bench::bench_streaming},   {"sockets", bench::bench_sockets},
      {"alarms", bench::bench_alarms}};
  for (const auto& name : wanted)
    if (!all.contains(name)) {
      std::fprintf(stderr,
                   "no benchmark is called %s; there are: throughput lifecycle durable streaming capacity sockets "
                   "alarms\n",
                   name.c_str());
      return 2;
    }
  for (const char* name : {"throughput", "lifecycle", "durable", "streaming", "capacity", "sockets", "alarms"})
    if (wanted.empty() || wanted.contains(name)) all.at(name)(options);
}
