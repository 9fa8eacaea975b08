// Page commits a second, beside what the store underneath can do at most: one put a commit, with the same group commit.
// Usage: troupe_bench_pages DIRECTORY [seconds for each line]

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include "engine/base/real_ports.h"
#include "engine/storage/open.h"
#include "engine/storage/pages/page_store.h"
#include "tests/io_threads.h"

namespace troupe {
namespace {

using Now = std::chrono::steady_clock;

struct World {
  explicit World(const std::filesystem::path& directory) {
    store = open_store(ports, directory / "store", StorageSettings()).value();
    actors = make_actor_store(ports, *store, directory / "sqlite", StorageSettings());
  }
  ~World() {
    actors.reset();
    store.reset();
    storage.join();
    io.join();
  }

  IoThreads io{1};
  boost::asio::thread_pool storage{4};
  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<Timers> timers = make_asio_timers();
  std::unique_ptr<Random> random = make_system_random();
  Ports ports{*clock, *timers, *random, io.executor(), storage.get_executor()};
  std::unique_ptr<Store> store;
  std::unique_ptr<ActorStore> actors;
};

/// A page as an insert leaves it: half full of text.
Bytes page_of(std::uint64_t number) {
  Bytes bytes(kPageBytes);
  for (std::size_t i = kPageBytes / 2; i < kPageBytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>("name@example.com, 2024"[(i + number) % 22]);
  }
  return bytes;
}

Task<std::uint64_t> commit_pages(World& world, ActorId id, std::uint32_t pages, Now::time_point end) {
  std::uint64_t txid = 0;
  while (Now::now() < end) {
    PageCommit commit;
    commit.size_pages = 64;
    commit.expected_txid = txid;
    for (std::uint32_t i = 0; i < pages; ++i) {
      commit.pages.push_back({static_cast<std::uint32_t>((txid + i) % 64) + 1, page_of(txid)});
    }
    const auto committed = co_await world.actors->pages()->commit(id, 1, std::move(commit));
    if (!committed) std::abort();
    txid = *committed;
  }
  co_return txid;
}

Task<std::uint64_t> put(World& world, ActorId id, std::size_t bytes, Now::time_point end) {
  std::uint64_t count = 0;
  for (; Now::now() < end; ++count) {
    WriteBatch batch;
    Bytes key(id.bytes().begin(), id.bytes().end());
    key.insert(key.begin(), 0x30);
    key.push_back(static_cast<std::uint8_t>(count % 64));
    batch.put(std::move(key), Bytes(bytes, 'v'));
    const auto written = co_await world.store->commit(std::move(batch), Ack::durable);
    if (!written) std::abort();
  }
  co_return count;
}

template <class Make>
double rate(World& world, int writers, double seconds, Make make) {
  const auto end = Now::now() + std::chrono::duration_cast<Now::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::future<std::uint64_t>> done;
  for (int writer = 0; writer < writers; ++writer) {
    const ActorId id = ActorId::make(*world.random, 1);
    world.actors->set_generation(id, 1);
    done.push_back(
        boost::asio::co_spawn(boost::asio::make_strand(world.ports.io), make(id, end), boost::asio::use_future));
  }
  std::uint64_t total = 0;
  for (auto& one : done) total += one.get();
  return static_cast<double>(total) / seconds;
}

void run(const std::filesystem::path& directory, double seconds) {
  World world(directory);
  std::printf("%8s %14s %14s %14s\n", "writers", "put/s", "1 page/s", "8 pages/s");
  for (const int writers : {1, 4, 16, 64}) {
    const double puts =
        rate(world, writers, seconds, [&](ActorId id, Now::time_point end) { return put(world, id, 400, end); });
    const double one =
        rate(world, writers, seconds, [&](ActorId id, Now::time_point end) { return commit_pages(world, id, 1, end); });
    const double eight =
        rate(world, writers, seconds, [&](ActorId id, Now::time_point end) { return commit_pages(world, id, 8, end); });
    std::printf("%8d %14.0f %14.0f %14.0f\n", writers, puts, one, eight);
  }
}

}  // namespace
}  // namespace troupe

int main(int argc, char** argv) {
  if (argc < 2) return 1;
  troupe::run(argv[1], argc > 2 ? std::atof(argv[2]) : 3.0);
}
