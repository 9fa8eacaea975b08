#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/virtual_ports.h"
#include "engine/storage/actors/actor_store.h"
#include "engine/storage/open.h"

namespace troupe {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "troupe-storage-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A task in progress, and its result once it has one.
template <class T>
struct Pending {
  std::shared_ptr<std::optional<T>> result = std::make_shared<std::optional<T>>();
  bool done() const { return result->has_value(); }
};

/// Virtual time on the test's thread, a real storage pool beside it, and a directory.
class StorageWorld {
 public:
  explicit StorageWorld(std::size_t pool_threads = 2) : pool_(pool_threads) {}
  ~StorageWorld() { pool_.join(); }

  Ports ports() {
    const Ports ports = world_.ports();
    return {ports.clock, ports.timers, ports.random, ports.io, pool_.get_executor()};
  }
  const std::filesystem::path& directory() const { return directory_.path(); }
  boost::asio::thread_pool& pool() { return pool_; }

  template <class T>
  T run(Task<T> task) {
    return world_.run_with_threads(std::move(task));
  }
  template <class T>
  Pending<T> start(Task<T> task) {
    Pending<T> pending;
    boost::asio::co_spawn(
        world_.context(),
        [task = std::move(task), result = pending.result]() mutable -> Task<void> {
          result->emplace(co_await std::move(task));
        },
        boost::asio::detached);
    world_.settle();
    return pending;
  }
  template <class T>
  T& wait(Pending<T>& pending) {
    run_until([&] { return pending.done(); });
    return **pending.result;
  }
  /// Runs handlers, also those that other threads post, until `condition` holds.
  template <class Condition>
  void run_until(Condition condition) {
    const auto guard = boost::asio::make_work_guard(world_.context());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      world_.context().restart();
      world_.context().run_one_for(std::chrono::milliseconds(20));
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "nothing came within 30 s";
        std::abort();
      }
    }
  }
  void advance(Millis time) { world_.advance(time); }
  ActorId make_id() {
    const Ports ports = world_.ports();
    return ActorId::make(ports.random, 1);
  }

 private:
  TemporaryDirectory directory_;
  VirtualWorld world_;
  boost::asio::thread_pool pool_;
};

/// Buffers so small that flushes and compactions run in every test.
inline StorageSettings tiny_settings() {
  StorageSettings settings;
  settings.block_cache_bytes = 64u << 10;
  settings.write_buffer_bytes = 64u << 10;
  return settings;
}

inline Bytes b(std::string_view text) { return to_bytes(text); }

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : result.error().id();
}

}  // namespace troupe
