#pragma once

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>
#include <memory>

#include "engine/base/real_ports.h"
#include "engine/storage/open.h"
#include "engine/storage/pages/page_store.h"
#include "tests/io_threads.h"

/// What the writer and the checker of the crash test have in common.
namespace troupe::crash {

/// Workers of one kind, each with an actor of its own.
inline constexpr int kWorkers = 3;
/// 'k' key-value batches, 's' saves (every other one only `written`), 'q' SQL batches, 't' SQL transactions, 'p' page
/// commits, 'g' page commits in segments.
inline constexpr std::array kKinds{'k', 's', 'q', 't', 'p', 'g'};
/// What every commit of the last two writes. Segments begin at 0 and 320.
inline constexpr std::uint32_t kCommittedPages = 4, kStagedPages = 400;

inline ActorId actor_of(char kind, int worker) {
  std::array<std::uint8_t, ActorId::kSize> bytes{};
  bytes.fill(static_cast<std::uint8_t>(kind));
  bytes[0] = 1;
  bytes[1] = static_cast<std::uint8_t>(worker);
  return ActorId(bytes);
}

/// Does not get smaller by much, so that flushes and compactions have something to do.
inline Bytes page_of(std::uint32_t pgno, std::int64_t number) {
  Bytes bytes(kPageBytes);
  std::uint64_t state = static_cast<std::uint64_t>(number) << 20 | pgno;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 4 == 0) state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    bytes[i] = static_cast<std::uint8_t>(state >> 56);
  }
  return bytes;
}

/// Real ports, a real pool, a store with tiny buffers.
struct World {
  explicit World(const std::filesystem::path& directory) {
    StorageSettings settings;
    settings.block_cache_bytes = 64u << 10;
    settings.write_buffer_bytes = 64u << 10;
    settings.sqlite_handles_max = 4;
    store = open_store(ports, directory / "store", settings).value();
    actors = make_actor_store(ports, *store, directory / "sqlite", settings);
    for (char kind : kKinds) {
      for (int worker = 0; worker < kWorkers; ++worker) actors->set_generation(actor_of(kind, worker), 1);
    }
  }
  ~World() {
    actors.reset();
    store.reset();
    storage.join();
    io.join();
  }

  template <class T>
  T run(Task<T> task) {
    auto body = [task = std::move(task)]() mutable -> Task<T> { co_return co_await std::move(task); };
    auto done = std::make_shared<std::promise<T>>();
    boost::asio::co_spawn(io.executor(), std::move(body), [done](std::exception_ptr thrown, T value) {
      if (thrown) std::terminate();
      done->set_value(std::move(value));
    });
    return done->get_future().get();
  }

  IoThreads io{2};
  boost::asio::thread_pool storage{2};
  std::unique_ptr<Clock> clock = make_system_clock();
  std::unique_ptr<Timers> timers = make_asio_timers();
  std::unique_ptr<Random> random = make_system_random();
  Ports ports{*clock, *timers, *random, io.executor(), storage.get_executor()};
  std::unique_ptr<Store> store;
  std::unique_ptr<ActorStore> actors;
};

}  // namespace troupe::crash
